using System.Globalization;
using System.Text.Json.Nodes;

namespace Rlt.Runs;

/// <summary>Reads a run's metrics for signs of one that goes wrong without an error.</summary>
public static class SilentFailures
{
    private const double SomeShare = 0.5;
    private const double MuchCopied = 0.5;

    // Sampler and trainer run the same weights: only rounding may tell them apart (bfloat16 keeps 8 bits).
    private const double LargeDifference = 0.5;

    private static readonly (string Key, double Limit, string Kind, string Advice)[] Signs =
    [
        ("truncated", SomeShare, "completions are cut off", "raise max_new_tokens, or warm the model up longer"),
        ("missing_tag", SomeShare, "explanations lack their closing tag", "is the format that of the teacher's warm-up?"),
        ("empty", SomeShare, "explanations are empty", "the KL term outweighs the solution's; lower reward.think_kl.mean"),
        ("leaks_early", SomeShare, "explanations tell the answer at their start",
            "the KL term is too weak to hold it back; raise reward.think_kl.mean or reward.penalties.leaks_early"),
        ("copies_solution", MuchCopied, "explanations copy the solution",
            "read samples.jsonl; raise reward.think_kl.mean or reward.penalties.copies_solution"),
        ("repetition", MuchCopied, "explanations repeat themselves", "lower the learning rate, or raise loss.beta or reward.penalties.repetition"),
        ("zero_spread_groups", SomeShare, "groups have equal rewards and teach nothing",
            "raise group_size or temperature, take other questions, or set loss.resample_rounds"),
        ("sampler_difference", LargeDifference, "sampler and trainer disagree on log-probabilities", "use --dtype fp32 to find out whether it is rounding"),
        (Metrics.ValidationBehind, 1, "held-out results are worse than they were",
            "train for fewer steps, lower optimizer.learning_rate, or take more data; keep_best keeps the best checkpoint"),
    ];

    /// <summary>What to warn of, each with its number; the beginning of a message up to its colon names the kind.</summary>
    public static IEnumerable<string> Of(JsonObject metrics) => Signs
        .Where(sign => Holds(metrics, sign.Key, sign.Limit))
        .Select(sign => string.Create(
            CultureInfo.InvariantCulture,
            $"{sign.Kind}: {sign.Key} is {Metrics.Number(metrics[sign.Key]!):0.##} at step {metrics["step"]}; {sign.Advice}"));

    /// <summary>The signs that held in some steps, those that held longest first.</summary>
    internal static IReadOnlyList<(string Key, string Kind, long[] Steps)> Held(IReadOnlyList<JsonObject> metrics) =>
    [
        .. Signs
            .Select(sign => (sign.Key, sign.Kind, Steps: metrics.Where(row => Holds(row, sign.Key, sign.Limit)).Select(Step).ToArray()))
            .Where(sign => sign.Steps.Length > 0)
            .OrderByDescending(sign => sign.Steps.Length),
    ];

    private static bool Holds(JsonObject metrics, string key, double limit) => metrics[key] is { } value && Metrics.Number(value) > limit;

    internal static long Step(JsonObject row) => RunRows.Count(RunFolder.MetricsFile, row, "step");
}
