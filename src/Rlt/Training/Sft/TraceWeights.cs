namespace Rlt.Training.Sft;

/// <summary>What tells how much a trace weighs in supervised fine-tuning.</summary>
public enum TraceWeighting
{
    /// <summary>Nothing: all weigh 1.</summary>
    None,

    /// <summary>Its reward.</summary>
    Reward,
}

/// <summary>Weights of traces by their rewards.</summary>
public static class TraceWeights
{
    /// <summary>
    /// softmax(reward / temperature) over the traces of one question, times their number: every question weighs as much as without weights, and the
    /// mean weight is 1. Near 0 only the best trace of a question is learned, at a high temperature all alike.
    /// </summary>
    /// <param name="rows">The traces, several a question.</param>
    /// <param name="temperature">In units of the reward, above 0.</param>
    /// <returns>A weight for each row.</returns>
    /// <exception cref="DataException">A row has no reward, or no question has several traces.</exception>
    public static float[] Of(IReadOnlyList<SftRow> rows, double temperature)
    {
        if (rows.FirstOrDefault(row => row.Task?.Reward is null) is { } bare)
        {
            throw new DataException($"{bare.Place}: no 'reward' to weigh the row by (weights: reward); "
                + "expected a number, as rlt score writes it, and rlt collect with a student.");
        }

        var weights = new float[rows.Count];
        int[][] questions = [.. Enumerable.Range(0, rows.Count).GroupBy(i => rows[i].Task!.Question).Select(question => question.ToArray())];
        if (questions.All(question => question.Length == 1))
        {
            throw new DataException($"{rows[0].Place}: weights: reward tells the traces of a question apart, and each of the {rows.Count} questions "
                + "has one; expected several, as rlt collect with samples: 4 and keep: all writes them.");
        }

        foreach (int[] question in questions)
        {
            double best = question.Max(i => rows[i].Task!.Reward!.Value);
            double[] parts = [.. question.Select(i => Math.Exp((rows[i].Task!.Reward!.Value - best) / temperature))];
            foreach ((int place, int i) in question.Index())
            {
                weights[i] = (float)(parts[place] / parts.Sum() * question.Length);
            }
        }

        return weights;
    }
}
