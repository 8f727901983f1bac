using System.Text.Json.Nodes;
using Rlt.Runs;
using Rlt.Training.Sft;

namespace Rlt.Training;

/// <summary>What is to be said of a whole run at its end.</summary>
public static class RunVerdict
{
    // A sign that has not held for as many steps is one of the past.
    private const int RecentSteps = 10;

    /// <summary>What a whole run's metrics say: "healthy", or which signs held, since when and in how many of its steps.</summary>
    /// <param name="metrics">The rows of all steps, those before a stop among them.</param>
    /// <param name="losses">What of the data supervised fine-tuning has not learned; null where that says nothing.</param>
    public static string Of(IReadOnlyList<JsonObject> metrics, RowLosses? losses = null)
    {
        var held = SilentFailures.Held(metrics);
        string?[] told =
        [
            .. held.Select(sign => $"{sign.Kind} in {sign.Steps.Length} of {Seen(sign.Key)} (first in step {sign.Steps[0]}, last in step {sign.Steps[^1]})"),
            losses is null ? null : Risen(metrics),
            losses is { IsMuch: true } ? losses.Text : null,
        ];
        string reasons = string.Join("; ", told.Where(reason => reason is not null));
        string remark = losses is { IsMuch: false, Text: { } text } ? $" ({text})" : "";
        bool isPast = reasons.Length > 0 && told.Skip(held.Count).All(reason => reason is null)
            && held.All(sign => sign.Steps[^1] <= SilentFailures.Step(metrics[^1]) - RecentSteps);
        return (reasons.Length == 0 ? "healthy" : isPast ? $"healthy at the end; earlier {reasons}" : $"not healthy: {reasons}") + remark;

        string Seen(string key) => metrics.Count(row => row.ContainsKey(key)) is var count && key == Metrics.ValidationBehind ? $"{count} measurements" : $"{count} steps";
    }

    // Of one step the loss is noise.
    private static string? Risen(IReadOnlyList<JsonObject> metrics)
    {
        const int Few = CheckpointPolicy.ScoreSteps;
        if (metrics.Count < 2 * Few)
        {
            return null;
        }

        double start = metrics.Take(Few).Average(Loss), end = metrics.TakeLast(Few).Average(Loss);
        return end > start
            ? FormattableString.Invariant($"the training loss has risen from {start:G4} (steps 1 to {Few}) to {end:G4} (the last {Few} steps); lower optimizer.learning_rate")
            : null;

        static double Loss(JsonObject row) => RunRows.Number(RunFolder.MetricsFile, row, "loss");
    }
}
