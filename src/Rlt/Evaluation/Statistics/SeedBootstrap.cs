namespace Rlt.Evaluation.Statistics;

/// <summary>95% intervals of figures over an experiment's seeds: seeds are resampled, then questions, then each question's samples.</summary>
/// <remarks>
/// Percentile bootstrap, seeded as <see cref="Bootstrap"/> is. An arm is given by its seeds: for each question of a seed, the samples'
/// scores, each 0 or 1. With one seed the intervals are over questions and samples only. Where nothing varies at all, the exact binomial bound
/// tells how large a share of questions may yet be otherwise, as far as they could be.
/// </remarks>
public static class SeedBootstrap
{
    private const double Rounding = 1e-12;

    /// <summary>The interval of an arm's accuracy: over questions, then over seeds.</summary>
    public static Interval OfMean(IReadOnlyList<double[][]> arm) =>
        Bounded(Resampled([arm], (draw, arms) => draw.Accuracy(arms[0])), arm, lowest: 0);

    /// <summary>The interval of the difference of two arms, second minus first, each resampling of the same seeds and questions for both.</summary>
    /// <param name="first">One arm.</param>
    /// <param name="second">The other: the same seeds, and in each the same questions in the same order.</param>
    public static Interval OfDifference(IReadOnlyList<double[][]> first, IReadOnlyList<double[][]> second) =>
        Bounded(Resampled([first, second], (draw, arms) => draw.Accuracy(arms[1]) - draw.Accuracy(arms[0])), first, lowest: -1);

    /// <summary>The interval of Pearson's r between a quantity of arms and their accuracy, one point an arm and seed.</summary>
    /// <param name="x">For each arm and seed, the quantity; it is not resampled.</param>
    /// <param name="arms">The arms: the same seeds, and in each the same questions in the same order.</param>
    /// <remarks>A resampling in which r is not defined shows no correlation and counts as 0.</remarks>
    public static Interval OfCorrelation(IReadOnlyList<double[]> x, IReadOnlyList<IReadOnlyList<double[][]>> arms) => Resampled(arms, (draw, scores) =>
    {
        var drawnX = new List<double>();
        var drawnY = new List<double>();
        for (int arm = 0; arm < scores.Length; arm++)
        {
            for (int i = 0; i < draw.Seeds.Count; i++)
            {
                drawnX.Add(x[arm][draw.Seeds[i]]);
                drawnY.Add(draw.Accuracy(i, scores[arm]));
            }
        }

        return Correlation.Pearson(drawnX, drawnY) ?? 0;
    });

    private static Interval Resampled(IReadOnlyList<IReadOnlyList<double[][]>> arms, Func<SeedDraw, ArmScores[], double> statistic)
    {
        int[] questions = [.. arms[0].Select(seed => seed.Length)];
        if (questions.Length == 0 || questions.Contains(0) || arms.Any(arm => !questions.SequenceEqual(arm.Select(seed => seed.Length))))
        {
            throw new ArgumentException("expected the same seeds in every arm, and in each the same questions, at least one", nameof(arms));
        }

        ArmScores[] scores = [.. arms.Select(arm => new ArmScores(arm))];
        return Bootstrap.Percentiles(random => statistic(new SeedDraw(random, questions), scores));
    }

    private static Interval Bounded(Interval interval, IReadOnlyList<double[][]> arm, double lowest)
    {
        if (interval.High - interval.Low > Rounding)
        {
            return interval;
        }

        double sure = Bootstrap.SureShare(arm.Min(seed => seed.Length));
        double seen = interval.Low * sure;
        return new Interval(Math.Max(lowest, seen + ((1 - sure) * lowest)), Math.Min(1, seen + (1 - sure)));
    }
}
