namespace Rlt.Statistics;

/// <summary>Quantiles of values.</summary>
public static class Quantile
{
    /// <summary>The value that a share of the values lies below, interpolated linearly between its neighbours (as NumPy does).</summary>
    /// <param name="sorted">At least one value, in ascending order.</param>
    /// <param name="share">0 to 1.</param>
    public static double Of(IReadOnlyList<double> sorted, double share)
    {
        double place = share * (sorted.Count - 1);
        int below = (int)place;
        int above = Math.Min(below + 1, sorted.Count - 1);
        return sorted[below] + ((place - below) * (sorted[above] - sorted[below]));
    }
}
