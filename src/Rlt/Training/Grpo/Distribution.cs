using System.Text.Json.Nodes;
using Rlt.Statistics;

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
            metrics[$"{name}_{suffix}"] = Quantile.Of(sorted, share);
        }
    }
}
