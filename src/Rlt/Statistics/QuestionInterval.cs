namespace Rlt.Statistics;

/// <summary>95% intervals of mean accuracy, and of the difference of two, over the questions that those asked are a sample of.</summary>
/// <remarks>
/// What is estimated is the mean over all questions of the benchmark's kind (and over all seeds of the experiment's) of the chance that a sample is
/// right. Questions, samples and seeds vary; a benchmark's own questions taken as all there are would have narrower intervals.
/// <see cref="QuestionVariance"/> says how much the questions tell, <see cref="ScoreInterval"/> makes the interval of it.
/// </remarks>
public static class QuestionInterval
{
    /// <summary>The interval of the mean over questions of each one's mean score.</summary>
    /// <param name="scores">For each question its samples' scores, 0 to 1.</param>
    public static Interval OfMean(IReadOnlyList<double[]> scores) => OfSeedsMean([scores]);

    /// <summary>The interval of the mean over questions of the difference of two models' mean scores, second minus first.</summary>
    /// <param name="first">For each question the first model's scores.</param>
    /// <param name="second">For the same questions, in the same order, the second's.</param>
    public static Interval OfDifference(IReadOnlyList<double[]> first, IReadOnlyList<double[]> second) => OfSeedsDifference([first], [second]);

    /// <summary>The interval of an arm's accuracy: over questions, then over seeds.</summary>
    /// <param name="arm">For each seed and question, the samples' scores, 0 to 1. With one seed the interval is over questions and samples only.</param>
    public static Interval OfSeedsMean(IReadOnlyList<IReadOnlyList<double[]>> arm)
    {
        double[][] shares = Shares(arm);
        double mean = shares.Average(seed => seed.Average());
        QuestionVariance told = QuestionVariance.Of(shares, Samples(arm), mean * (1 - mean));
        return ScoreInterval.OfShare(mean, told.Effective, told.Quantile);
    }

    /// <summary>The interval of the difference of two arms, second minus first, paired by seed and question.</summary>
    /// <param name="first">One arm.</param>
    /// <param name="second">The other: the same seeds, and in each the same questions in the same order.</param>
    /// <exception cref="ArgumentException">They are not.</exception>
    public static Interval OfSeedsDifference(IReadOnlyList<IReadOnlyList<double[]>> first, IReadOnlyList<IReadOnlyList<double[]>> second)
    {
        double[][] one = Shares(first), two = Shares(second);
        if (!one.Select(seed => seed.Length).SequenceEqual(two.Select(seed => seed.Length)))
        {
            throw new ArgumentException("expected the same seeds in both arms, and in each the same questions", nameof(second));
        }

        double[][] differences = [.. one.Zip(two, (a, b) => a.Zip(b, (x, y) => y - x).ToArray())];
        // Means of the parts above and below zero: seeds of one question count as one observation of it.
        double gained = differences.Average(seed => seed.Average(value => Math.Max(value, 0)));
        double lost = differences.Average(seed => seed.Average(value => Math.Max(-value, 0)));
        double difference = gained - lost;
        QuestionVariance told = QuestionVariance.Of(differences, Math.Min(Samples(first), Samples(second)), gained + lost - (difference * difference));
        return ScoreInterval.OfDifference(gained, lost, told.Effective, told.Quantile);
    }

    private static double[][] Shares(IReadOnlyList<IReadOnlyList<double[]>> seeds) =>
        seeds.Count > 0 && seeds.All(questions => questions.Count > 0 && questions.All(samples => samples.Length > 0))
            ? [.. seeds.Select(questions => questions.Select(samples => samples.Average()).ToArray())]
            : throw new ArgumentException("expected at least one seed, in each at least one question, and samples for each", nameof(seeds));

    private static int Samples(IReadOnlyList<IReadOnlyList<double[]>> seeds) => seeds.Min(questions => questions.Min(samples => samples.Length));
}
