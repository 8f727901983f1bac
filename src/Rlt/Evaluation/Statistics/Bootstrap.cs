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
        // Where all scores are alike there is nothing to resample; the exact binomial bound says what N questions can tell.
        if (scores.SelectMany(samples => samples).Distinct().Take(2).ToArray() is [var only] && only is 0 or 1)
        {
            double bound = Math.Pow(Tail, 1.0 / scores.Count);
            return scores[0][0] == 0 ? new Interval(0, 1 - bound) : new Interval(bound, 1);
        }

        return Percentiles(scores.Count, random => Drawn(scores[random.Next(scores.Count)], random));
    }

    /// <summary>The interval of the mean over questions of the difference of two models' mean scores, second minus first.</summary>
    /// <param name="first">For each question the first model's scores.</param>
    /// <param name="second">For the same questions, in the same order, the second's.</param>
    public static Interval OfDifference(IReadOnlyList<double[]> first, IReadOnlyList<double[]> second) => Percentiles(first.Count, random =>
    {
        int question = random.Next(first.Count);
        return Drawn(second[question], random) - Drawn(first[question], random);
    });

    private static Interval Percentiles(int questions, Func<Draws, double> draw)
    {
        var means = new double[Rounds];
        for (int round = 0; round < Rounds; round++)
        {
            var random = new Draws(RandomStream.Key(Seed, round));
            double sum = 0;
            for (int i = 0; i < questions; i++)
            {
                sum += draw(random);
            }

            means[round] = sum / questions;
        }

        Array.Sort(means);
        return new Interval(means[(int)(Rounds * Tail)], means[(int)(Rounds * (1 - Tail)) - 1]);
    }

    private static double Drawn(double[] samples, Draws random)
    {
        double sum = 0;
        for (int i = 0; i < samples.Length; i++)
        {
            sum += samples[random.Next(samples.Length)];
        }

        return sum / samples.Length;
    }

    private sealed class Draws(ulong key)
    {
        private long _position;

        public int Next(int count) => Math.Min(count - 1, (int)(RandomStream.Uniform(key, _position++) * (double)count));
    }
}
