namespace Rlt.Evaluation.Statistics;

/// <summary>An arm's scores by seed and question, ready to be drawn from many times.</summary>
/// <remarks>
/// As many samples as a question has, drawn with replacement, are right a binomial number of times: one uniform number finds it in the
/// distribution's cumulative sums, where drawing the samples would take one for each.
/// </remarks>
internal sealed class ArmScores
{
    private readonly double[][] _shares;
    private readonly double[]?[][] _cumulative;

    /// <summary>Prepares an arm.</summary>
    /// <param name="seeds">For each seed and question, the samples' scores, each 0 or 1.</param>
    /// <exception cref="ArgumentException">A question has no sample, or a score is neither 0 nor 1.</exception>
    public ArmScores(IReadOnlyList<double[][]> seeds)
    {
        if (seeds.Any(questions => questions.Any(samples => samples.Length == 0 || samples.Any(score => score is not (0 or 1)))))
        {
            throw new ArgumentException("expected samples for each question, each with the score 0 or 1", nameof(seeds));
        }

        _shares = [.. seeds.Select(questions => questions.Select(samples => samples.Average()).ToArray())];
        _cumulative = [.. seeds.Select(questions => questions.Select(Cumulative).ToArray())];
    }

    /// <summary>A question's share of right samples, its samples drawn anew.</summary>
    public double Draw(int seed, int question, Draws random)
    {
        if (_cumulative[seed][question] is not { } cumulative)
        {
            return _shares[seed][question];
        }

        double uniform = random.Uniform();
        int right = 0;
        while (right < cumulative.Length && uniform >= cumulative[right])
        {
            right++;
        }

        return (double)right / cumulative.Length;
    }

    // Entry c is the chance of c right samples or fewer, up to all but one; null where all samples are alike and nothing can be drawn.
    private static double[]? Cumulative(double[] samples)
    {
        int count = samples.Length;
        double share = samples.Average();
        if (share is 0 or 1)
        {
            return null;
        }

        var sums = new double[count];
        double chance = Math.Pow(1 - share, count), sum = 0;
        for (int right = 0; right < count; right++)
        {
            sums[right] = sum += chance;
            chance *= (count - right) * share / ((right + 1) * (1 - share));
        }

        return sums;
    }
}
