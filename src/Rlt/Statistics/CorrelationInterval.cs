using MathNet.Numerics.Distributions;

namespace Rlt.Statistics;

/// <summary>95% intervals of the correlation between a quantity of arms and their accuracy, one point an arm and seed.</summary>
public static class CorrelationInterval
{
    /// <summary>Arms below which nothing can be said of arms other than these.</summary>
    public const int FewestArms = 4;

    /// <summary>Resamplings.</summary>
    public const int Rounds = 10_000;

    private const long Seed = 20240229;
    private const double Tail = 0.025;

    /// <summary>The interval with these arms: seeds and questions vary.</summary>
    /// <param name="x">For each arm and seed, the quantity; it is taken as it is.</param>
    /// <param name="arms">The arms: the same seeds, and in each the same questions in the same order, the samples' scores of each.</param>
    /// <remarks>
    /// Percentile bootstrap, seeded: the same scores give the same interval. Seeds are drawn, then questions, the same ones for all arms; samples are
    /// not drawn anew, since their noise is among the questions' already. A resampling in which r is not defined shows no correlation
    /// and counts as 0.
    /// </remarks>
    /// <exception cref="ArgumentException">The arms have not the same seeds and questions.</exception>
    public static Interval WithTheseArms(IReadOnlyList<double[]> x, IReadOnlyList<IReadOnlyList<double[][]>> arms)
    {
        int[] questions = [.. arms[0].Select(seed => seed.Length)];
        if (questions.Length == 0 || questions.Contains(0) || arms.Any(arm => !questions.SequenceEqual(arm.Select(seed => seed.Length))))
        {
            throw new ArgumentException("expected the same seeds in every arm, and in each the same questions, at least one", nameof(arms));
        }

        double[][][] shares = [.. arms.Select(arm => arm.Select(seed => seed.Select(samples => samples.Average()).ToArray()).ToArray())];
        var values = new double[Rounds];
        Parallel.For(0, Rounds, round => values[round] = R(x, shares, new SeedDraw(new Draws(RandomStream.Key(Seed, round)), questions)));
        Array.Sort(values);
        return new Interval(values[(int)(Rounds * Tail)], values[(int)(Rounds * (1 - Tail)) - 1]);
    }

    /// <summary>The interval over arms of which these are a sample; null for fewer than <see cref="FewestArms"/>, or where r is 1 or −1.</summary>
    /// <param name="r">Pearson's r.</param>
    /// <param name="arms">Arms: seeds of one arm are no points of their own, since they have nearly the same quantity.</param>
    /// <remarks>Source: Fisher, Metron 1 (1921) 3: atanh r is about normal with the variance 1 / (n − 3).</remarks>
    public static Interval? OfArms(double r, int arms)
    {
        if (arms < FewestArms || Math.Abs(r) >= 1)
        {
            return null;
        }

        double half = Normal.InvCDF(0, 1, 1 - Tail) / Math.Sqrt(arms - 3);
        return new Interval(Math.Tanh(Math.Atanh(r) - half), Math.Tanh(Math.Atanh(r) + half));
    }

    private static double R(IReadOnlyList<double[]> x, double[][][] shares, SeedDraw draw)
    {
        var drawnX = new List<double>();
        var drawnY = new List<double>();
        for (int arm = 0; arm < shares.Length; arm++)
        {
            for (int i = 0; i < draw.Seeds.Count; i++)
            {
                drawnX.Add(x[arm][draw.Seeds[i]]);
                drawnY.Add(draw.Accuracy(i, shares[arm]));
            }
        }

        return Correlation.Pearson(drawnX, drawnY) ?? 0;
    }
}
