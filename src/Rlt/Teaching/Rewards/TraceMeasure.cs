namespace Rlt.Teaching.Rewards;

/// <summary>By what the traces of a question are told apart.</summary>
public enum TraceMeasure
{
    /// <summary>The RLT reward; the highest is the best.</summary>
    Reward,

    /// <summary>The student's mean log-likelihood of the trace's tokens; the highest is the best: what the student would nearly write itself.</summary>
    Likelihood,

    /// <summary>The highest mean of the student's surprisal over a window of the trace's tokens; the lowest is the best: no step that it cannot follow.</summary>
    Surprise,

    /// <summary>The explanation's tokens; the fewest are the best.</summary>
    Length,
}

/// <summary>Traces measured. A trace's tokens are those of the explanation and then of the solution, as the student sees them; tags apart.</summary>
public static class TraceMeasures
{
    /// <summary>Tokens of the window of <see cref="TraceMeasure.Surprise"/> where nothing else is said.</summary>
    public const int DefaultWindow = 16;

    /// <summary>The field of a trace's row that has the measure.</summary>
    public static string Field(this TraceMeasure measure) => measure == TraceMeasure.Length ? "explanation_tokens" : measure.ToString().ToLowerInvariant();

    /// <summary>The measure's value where more is better: the value itself, or its negative.</summary>
    public static double Worth(this TraceMeasure measure, double value) => measure is TraceMeasure.Surprise or TraceMeasure.Length ? -value : value;

    /// <summary>Mean log-likelihood of a token; nats.</summary>
    /// <param name="logProbs">log π_student of the trace's tokens; at least one.</param>
    public static double Likelihood(IReadOnlyList<float> logProbs) => logProbs.Average(value => (double)value);

    /// <summary>The highest mean surprisal, −log π_student, of so many tokens in a row; nats. Of a shorter trace, of all its tokens.</summary>
    /// <param name="logProbs">log π_student of the trace's tokens; at least one.</param>
    /// <param name="window">Tokens in a row.</param>
    public static double Surprise(IReadOnlyList<float> logProbs, int window)
    {
        int length = Math.Min(window, logProbs.Count);
        return Enumerable.Range(0, logProbs.Count - length + 1).Max(first => -logProbs.Skip(first).Take(length).Average(value => (double)value));
    }
}
