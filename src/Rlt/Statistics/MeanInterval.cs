using MathNet.Numerics.Distributions;

namespace Rlt.Statistics;

/// <summary>95% intervals of means of unbounded values, such as rewards and losses; by Student's t.</summary>
public static class MeanInterval
{
    private const double Upper = 0.975;

    /// <summary>The interval of a mean over rows.</summary>
    /// <param name="values">A value a row.</param>
    /// <returns>null where one row cannot tell how much they vary.</returns>
    public static Interval? Of(IReadOnlyList<double> values) => OfRatio(values, [.. values.Select(_ => 1.0)]);

    /// <summary>The interval of the rows' summed values over their summed counts, such as a loss a token; whole rows are what varies.</summary>
    /// <param name="sums">The sum of each row's values.</param>
    /// <param name="counts">How many values each row has.</param>
    /// <returns>null where one row cannot tell how much they vary.</returns>
    /// <remarks>Source: Cochran, Sampling Techniques, 1977, section 6.3 (the ratio estimator).</remarks>
    public static Interval? OfRatio(IReadOnlyList<double> sums, IReadOnlyList<double> counts)
    {
        int rows = sums.Count;
        if (rows < 2)
        {
            return null;
        }

        double total = counts.Sum(), mean = sums.Sum() / total;
        double squares = sums.Zip(counts, (sum, count) => sum - (mean * count)).Sum(left => left * left);
        double half = StudentT.InvCDF(0, 1, rows - 1, Upper) * Math.Sqrt(squares * rows / (rows - 1)) / total;
        return new Interval(mean - half, mean + half);
    }
}
