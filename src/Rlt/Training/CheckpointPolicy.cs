using System.Text.Json.Nodes;
using Rlt.Configuration;
using Rlt.Runs;

namespace Rlt.Training;

/// <summary>When a run saves a checkpoint, and which of them it keeps.</summary>
/// <param name="EverySteps">Steps between checkpoints; 0: the clock alone decides.</param>
/// <param name="EveryMinutes">Minutes between checkpoints; 0: the steps alone decide.</param>
/// <param name="KeepLast">The newest checkpoints that are kept.</param>
/// <param name="BestBy">The metric by which the best checkpoint is kept besides; null keeps none.</param>
public sealed record CheckpointPolicy(int EverySteps, double EveryMinutes, int KeepLast, BestMetric? BestBy = null)
{
    /// <summary>The steps that a checkpoint's score is the mean of, where it is not measured on held-out rows. One step's reward is noisy; the mean of a fixed number does not depend on stops.</summary>
    public const int ScoreSteps = 10;

    /// <summary>Whether to save.</summary>
    /// <param name="done">Steps done.</param>
    /// <param name="sinceLast">Time since the last checkpoint, or the start.</param>
    public bool IsDue(int done, TimeSpan sinceLast) =>
        (EverySteps > 0 && done % EverySteps == 0) || (EveryMinutes > 0 && sinceLast.TotalMinutes >= EveryMinutes);

    /// <summary>
    /// A model's score: what held-out rows gave after its last step, else the metric's mean over the last <see cref="ScoreSteps"/> steps; null where
    /// there is no best to keep, or nothing was measured after that step.
    /// </summary>
    /// <param name="metrics">The run's metrics so far.</param>
    /// <exception cref="DataException">A step has no such metric.</exception>
    public double? Score(IReadOnlyList<JsonObject> metrics) => BestBy is null || metrics.Count == 0 ? null
        : BestBy.IsHeldOut ? metrics[^1].ContainsKey(BestBy.Name) ? Number(metrics[^1]) : null
        : metrics.TakeLast(ScoreSteps).Average(Number);

    /// <summary>The steps that the score after some steps is of: fewer than <see cref="ScoreSteps"/> near the run's beginning.</summary>
    public (int First, int Last) Scored(int steps) => (BestBy is { IsHeldOut: true } ? steps : Math.Max(1, steps - ScoreSteps + 1), steps);

    /// <summary>Whether held-out rows gave the last step's model the best score so far: then it is saved.</summary>
    /// <param name="metrics">The run's metrics so far.</param>
    public bool IsNewBest(IReadOnlyList<JsonObject> metrics) => BestBy is { IsHeldOut: true } best && Score(metrics) is { } score
        && metrics.SkipLast(1).Where(row => row.ContainsKey(best.Name)).All(row => best.Gain(score, Number(row)) > 0);

    /// <summary>The checkpoints that go once a new one is saved; those after it with them, which a resumed run has passed over.</summary>
    /// <param name="all">Every checkpoint with its score, in the steps' order.</param>
    /// <param name="saved">The step just saved.</param>
    public IEnumerable<int> Dropped(IReadOnlyList<(int Step, double? Score)> all, int saved)
    {
        (int Step, double? Score)[] past = [.. all.Where(checkpoint => checkpoint.Step <= saved)];
        HashSet<int> kept = [.. past.TakeLast(KeepLast).Select(checkpoint => checkpoint.Step)];
        if (BestBy is not null && past.Where(checkpoint => checkpoint.Score is not null).ToArray() is { Length: > 0 } scored)
        {
            kept.Add(scored.MaxBy(checkpoint => BestBy.Gain(checkpoint.Score!.Value, 0)).Step);
        }

        return all.Select(checkpoint => checkpoint.Step).Where(step => !kept.Contains(step));
    }

    /// <summary>What is wrong with the settings, under the names that configs have for them.</summary>
    public IEnumerable<ConfigProblem> Problems() =>
    [
        .. Ranges.NotNegative((nameof(TrainingConfig.SaveEvery), EverySteps), (nameof(TrainingConfig.SaveMinutes), EveryMinutes)),
        .. Ranges.AtLeastOne((nameof(TrainingConfig.KeepLast), KeepLast)),
    ];

    private double Number(JsonObject row) => RunRows.Number(RunFolder.MetricsFile, row, BestBy!.Name);
}
