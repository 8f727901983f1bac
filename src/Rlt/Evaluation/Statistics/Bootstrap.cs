using Rlt.Generation;

namespace Rlt.Evaluation.Statistics;

/// <summary>95% intervals of means over questions, by resampling: questions, and the samples of each.</summary>
/// <remarks>
/// Percentile bootstrap in two stages. With few samples a question the second stage makes the interval a little wider than a bootstrap
/// over questions alone; it errs to the careful side. Seeded: the same scores give the same interval.
/// </remarks>
public static class Bootstrap
{
    /// <summary>Resamplings.</summary>
    public const int Rounds = 10_000;

    private const long Seed = 20240229;
    private const double Tail = 0.025;

    /// <summary>The interval of the mean over questions of each one's mean score.</summary>
    /// <param name="scores">For each question its samples' scores, 0 to 1.</param>
    public static Interval OfMean(IReadOnlyList<double[]> scores)
    {
        if (scores.SelectMany(samples => samples).Distinct().Take(2).ToArray() is [var only] && only is 0 or 1)
        {
            return scores[0][0] == 0 ? new Interval(0, 1 - SureShare(scores.Count)) : new Interval(SureShare(scores.Count), 1);
        }

        return MeanOf(scores.Count, random => random.Mean(scores[random.Next(scores.Count)]));
    }

    /// <summary>The interval of the mean over questions of the difference of two models' mean scores, second minus first.</summary>
    /// <param name="first">For each question the first model's scores.</param>
    /// <param name="second">For the same questions, in the same order, the second's.</param>
    public static Interval OfDifference(IReadOnlyList<double[]> first, IReadOnlyList<double[]> second) => MeanOf(first.Count, random =>
    {
        int question = random.Next(first.Count);
        return random.Mean(second[question]) - random.Mean(first[question]);
    });

    /// <summary>The interval of a statistic that is computed anew from every resampling's draws, several resamplings at a time.</summary>
    internal static Interval Percentiles(Func<Draws, double> statistic)
    {
        var values = new double[Rounds];
        Parallel.For(0, Rounds, round => values[round] = statistic(new Draws(RandomStream.Key(Seed, round))));
        Array.Sort(values);
        return new Interval(values[(int)(Rounds * Tail)], values[(int)(Rounds * (1 - Tail)) - 1]);
    }

    /// <summary>
    /// The share of all questions that is surely as those asked where these are all alike: the exact binomial bound, which says what a number
    /// of questions can tell when there is nothing to resample.
    /// </summary>
    internal static double SureShare(int questions) => Math.Pow(Tail, 1.0 / questions);

    private static Interval MeanOf(int questions, Func<Draws, double> draw) => Percentiles(random =>
    {
        double sum = 0;
        for (int i = 0; i < questions; i++)
        {
            sum += draw(random);
        }

        return sum / questions;
    });
}
