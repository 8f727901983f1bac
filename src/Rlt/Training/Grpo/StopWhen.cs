using System.Globalization;
using System.Text.Json.Nodes;
using Rlt.Configuration;
using Rlt.Runs;

namespace Rlt.Training.Grpo;

/// <summary>When a run has collapsed and goes on for nothing: shares of a step's completions, in so many steps in a row, that end it.</summary>
public sealed record StopWhen : IValidated
{
    /// <summary>The share of empty explanations; null: whatever it is. Of a teacher only.</summary>
    public double? Empty { get; init; }

    /// <summary>The share of completions that the token limit cut off; null: whatever it is.</summary>
    public double? Truncated { get; init; }

    /// <summary>The share of groups whose rewards are all equal; null: whatever it is.</summary>
    public double? ZeroSpread { get; init; }

    /// <summary>Steps in a row.</summary>
    public int Steps { get; init; } = 5;

    private (string Setting, string Metric, double? Limit)[] Limits =>
        [("empty", "empty", Empty), ("truncated", "truncated", Truncated), ("zero_spread", "zero_spread_groups", ZeroSpread)];

    /// <summary>What has ended a run that has taken these steps; null: nothing.</summary>
    /// <param name="metrics">The rows of its steps.</param>
    public string? Reason(IReadOnlyList<JsonObject> metrics)
    {
        if (metrics.Count < Steps)
        {
            return null;
        }

        JsonObject[] last = [.. metrics.TakeLast(Steps)];
        string?[] reasons = [.. Limits.Select(limit =>
            limit.Limit is { } least && last.All(row => RunRows.Number(RunFolder.MetricsFile, row, limit.Metric) >= least)
                ? string.Create(CultureInfo.InvariantCulture,
                    $"{limit.Metric} was {least:0.###} or more in the last {Steps} steps (stop_when.{limit.Setting}), "
                        + $"{last.Average(row => (double)row[limit.Metric]!):0.###} on average")
                : null)];
        return reasons.Any(reason => reason is not null) ? string.Join("; ", reasons.Where(reason => reason is not null)) : null;
    }

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Problems() =>
    [
        .. Ranges.AtLeastOne((nameof(Steps), Steps)),
        .. Limits.Where(limit => limit.Limit is not (null or (> 0 and <= 1)))
            .Select(limit => new ConfigProblem(limit.Setting, $"is {limit.Limit}; expected a share above 0, up to 1")),
        .. Limits.All(limit => limit.Limit is null)
            ? [new ConfigProblem(nameof(Empty), "is not set, and so are truncated and zero_spread; expected one of them at least")]
            : Array.Empty<ConfigProblem>(),
    ];
}
