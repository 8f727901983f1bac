using System.Text.Json;
using System.Text.Json.Nodes;

namespace Rlt.Runs;

/// <summary>Reads a row of metrics.jsonl, whichever run wrote it, and sorts its names into the groups in which they are shown.</summary>
public static class Metrics
{
    /// <summary>What one asks of a run, as it follows on a page, and the groups of metrics that answer it.</summary>
    public static IReadOnlyList<(string Question, string[] Groups)> Questions { get; } =
    [
        ("Is it learning?", ["reward", "validation", "learning"]), ("Is it healthy?", ["completions", "guards", "policy"]),
        ("Is it fast?", ["speed", "memory"]),
    ];

    /// <summary>How far a held-out result lies below the best one, in half widths of its interval: more than 1 is worse.</summary>
    public const string ValidationBehind = "validation_behind";

    /// <summary>A row's numbers, in its order.</summary>
    public static IEnumerable<(string Name, double Value)> Numbers(JsonObject row) => row
        .Where(pair => pair.Value?.GetValueKind() == JsonValueKind.Number)
        .Select(pair => (pair.Key, Number(pair.Value!)));

    /// <summary>A JSON number as it was parsed or made.</summary>
    public static double Number(JsonNode value) => JsonSerializer.Deserialize<double>(value.ToJsonString());

    /// <summary>The group of a metric.</summary>
    public static string Group(string name) => name switch
    {
        _ when name.Contains("seconds", StringComparison.Ordinal) || name.EndsWith("per_second", StringComparison.Ordinal) => "speed",
        "resident_mib" or "peak_mib" or "live_tensors" => "memory",
        "truncated" or "empty" or "missing_tag" or "leaks_early" or "copies_solution" or "repetition" or "zero_spread_groups" or "sampler_difference"
            or "dropped" or "no_answer" => "guards",
        "expert_load" or "entropy" or "kl_reference" or "clip_ratio" or "clip_ratio_low" or "clip_ratio_high" => "policy",
        "loss" or "grad_norm" or "learning_rate" or "epoch" or "target_tokens" or "sequence_tokens" or "divergence" or "compared" or "clipped_tokens"
            or "on_policy" => "learning",
        _ when name.StartsWith("validation", StringComparison.Ordinal) => "validation",
        _ when name.StartsWith("completion_tokens", StringComparison.Ordinal) || name == "explanation_tokens" => "completions",
        _ => "reward",
    };
}
