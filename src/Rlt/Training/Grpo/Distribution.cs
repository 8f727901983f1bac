using System.Text.Json.Nodes;

namespace Rlt.Training.Grpo;

/// <summary>How a step's values are spread: the least, the 10th, 50th and 90th percentile, the largest.</summary>
internal static class Distribution
{
    private static readonly (string Suffix, double Share)[] Places = [("min", 0), ("p10", 0.1), ("p50", 0.5), ("p90", 0.9), ("max", 1)];

    /// <summary>Adds <c>NAME_min</c> … <c>NAME_max</c>.</summary>
    public static void AddTo(JsonObject metrics, string name, IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        foreach ((string suffix, double share) in Places)
        {
            metrics[$"{name}_{suffix}"] = Percentile(sorted, share);
        }
    }

    /// <summary>The value that a share of the values lies below, interpolated linearly between its neighbours (as NumPy does).</summary>
    /// <param name="sorted">At least one value, in ascending order.</param>
    /// <param name="share">0 to 1.</param>
    public static double Percentile(IReadOnlyList<double> sorted, double share)
    {
        double place = share * (sorted.Count - 1);
        int below = (int)place;
        int above = Math.Min(below + 1, sorted.Count - 1);
        return sorted[below] + ((place - below) * (sorted[above] - sorted[below]));
    }
}
