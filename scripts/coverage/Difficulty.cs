using MathNet.Numerics.Distributions;

namespace Rlt.Coverage;

/// <summary>The chances that questions have, as a table of equally likely ones from the hardest to the easiest.</summary>
/// <remarks>The table is the population: its mean, not that of the distribution it stands for, is the truth that intervals should hold.</remarks>
internal sealed class Difficulty
{
    /// <summary>The table's length.</summary>
    public const int Ranks = 20_000;

    private readonly double[] _chances;

    /// <summary>Makes the table.</summary>
    public Difficulty(double mean, double sum) => _chances = Table(mean, sum);

    /// <summary>The chance of the question at a rank.</summary>
    public double this[int rank] => _chances[rank];

    /// <summary>The mean over questions where all log odds are moved by so much.</summary>
    public double Mean(double moved) => moved == 0 ? _chances.Average() : _chances.Average(chance => Moved(chance, moved));

    /// <summary>A chance whose log odds are moved.</summary>
    public static double Moved(double chance, double by)
    {
        double odds = Math.Exp(by);
        return chance * odds / (1 - chance + (chance * odds));
    }

    private static double[] Table(double mean, double sum)
    {
        if (mean is 0 or 1 || double.IsPositiveInfinity(sum))
        {
            return [.. Enumerable.Repeat(mean, Ranks)];
        }

        int easy = (int)Math.Round(mean * Ranks);
        return sum == 0
            ? [.. Enumerable.Range(0, Ranks).Select(rank => rank < Ranks - easy ? 0.0 : 1)]
            : [.. Enumerable.Range(0, Ranks).AsParallel().AsOrdered().Select(rank => Quantile(mean * sum, (1 - mean) * sum, (rank + 0.5) / Ranks))];
    }

    // By halving on the log odds, which keeps the many chances near 0 and 1 of a small a + b apart from them.
    private static double Quantile(double a, double b, double share)
    {
        (double low, double high) = (-700.0, 36.0);
        for (int i = 0; i < 50; i++)
        {
            double middle = (low + high) / 2;
            (low, high) = Beta.CDF(a, b, Chance(middle)) < share ? (middle, high) : (low, middle);
        }

        return Chance(low);
    }

    private static double Chance(double logOdds) => 1 / (1 + Math.Exp(-logOdds));
}
