using MathNet.Numerics.Distributions;
using Rlt.Statistics;

namespace Rlt.Coverage;

/// <summary>What came of a design's runs.</summary>
/// <param name="Covered">The share of intervals that held the truth.</param>
/// <param name="Below">The share that ended below it.</param>
/// <param name="Above">The share that began above it.</param>
/// <param name="Width">Their mean width.</param>
/// <param name="Needed">
/// Their width over the width that the same intervals would need: each stretched about its estimate by one factor until 95% held the truth.
/// </param>
/// <param name="Normal">Their mean width over 2 · 1.96 true standard errors.</param>
internal sealed record CoverageResult(double Covered, double Below, double Above, double Width, double Needed, double Normal);

/// <summary>Simulates evaluations of a design and asks the product for their intervals.</summary>
internal static class Simulation
{
    private const double Nominal = 0.95;
    // Ends and truths that are equal but for rounding.
    private const double Rounding = 1e-9;
    private const int SeedEffects = 401;

    /// <summary>Runs a design.</summary>
    /// <param name="design">The design.</param>
    /// <param name="runs">Evaluations simulated.</param>
    /// <param name="seed">The same seed gives the same result.</param>
    public static CoverageResult Of(Design design, int runs, int seed)
    {
        var first = new Difficulty(design.Mean, design.Sum);
        Difficulty? second = design.Mean2 is { } mean ? new Difficulty(mean, design.Sum) : null;
        double[] effects = design.SeedDeviation == 0 ? [0] : [.. Enumerable.Range(0, SeedEffects).Select(i => design.SeedDeviation * Normal.InvCDF(0, 1, (i + 0.5) / SeedEffects))];
        double truth = second is null ? effects.Average(first.Mean) : effects.Average(second.Mean) - effects.Average(first.Mean);
        var found = new (double Estimate, Interval Interval)[runs];
        Parallel.For(0, runs, run => found[run] = Once(design, first, second, effects, new Random(HashSeed(seed, run))));
        return Result(found, truth);
    }

    private static CoverageResult Result((double Estimate, Interval Interval)[] found, double truth)
    {
        double[] stretch = [.. found.Select(one => Stretch(one.Estimate, one.Interval, truth)).Order()];
        double mean = found.Average(one => one.Estimate), width = found.Average(one => one.Interval.High - one.Interval.Low);
        double deviation = Math.Sqrt(found.Average(one => (one.Estimate - mean) * (one.Estimate - mean)));
        double below = found.Average(one => one.Interval.High < truth - Rounding ? 1.0 : 0), above = found.Average(one => one.Interval.Low > truth + Rounding ? 1.0 : 0);
        return new CoverageResult(1 - below - above, below, above, width, 1 / stretch[(int)Math.Ceiling(Nominal * found.Length) - 1], width / (2 * 1.96 * deviation));
    }

    // The factor by which an interval must be stretched about its estimate to just hold the truth.
    private static double Stretch(double estimate, Interval interval, double truth)
    {
        double distance = Math.Abs(truth - estimate), reach = truth > estimate ? interval.High - estimate : estimate - interval.Low;
        return distance <= Rounding ? 0 : distance / Math.Max(reach, Rounding);
    }

    private static (double, Interval) Once(Design design, Difficulty first, Difficulty? second, double[] effects, Random random)
    {
        int[] ranks = Ranks(design, random), others = [.. ranks.Select(rank => random.NextDouble() < design.Agreement ? rank : random.Next(Difficulty.Ranks))];
        double[][][] one = Arm(first, ranks), two = second is null ? [] : Arm(second, others);
        return second is null
            ? (Mean(one), QuestionInterval.OfSeedsMean(one))
            : (Mean(two) - Mean(one), QuestionInterval.OfSeedsDifference(one, two));

        double[][][] Arm(Difficulty difficulty, int[] asked) => [.. Enumerable.Range(0, design.Seeds).Select(_ =>
        {
            double effect = effects[random.Next(effects.Length)];
            return asked.Select(rank => Samples(Difficulty.Moved(difficulty[rank], effect), design.Samples, random)).ToArray();
        })];
    }

    private static int[] Ranks(Design design, Random random) => [.. Enumerable.Range(0, design.Questions).Select(_ => random.Next(Difficulty.Ranks))];

    private static double[] Samples(double chance, int count, Random random)
    {
        var samples = new double[count];
        for (int i = 0; i < count; i++)
        {
            samples[i] = random.NextDouble() < chance ? 1 : 0;
        }

        return samples;
    }

    private static double Mean(double[][][] arm) => arm.Average(seed => seed.Average(samples => samples.Average()));

    private static int HashSeed(int seed, int run) => unchecked((seed * 1_000_003) + (run * 7919));
}
