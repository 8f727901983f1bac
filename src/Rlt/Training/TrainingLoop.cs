using System.Diagnostics;
using System.Text.Json.Nodes;
using Rlt.Distributed;
using Rlt.Files;
using Rlt.Models;
using Rlt.Runs;
using Rlt.Runs.TensorBoard;
using Rlt.Training.Grpo;

namespace Rlt.Training;

/// <summary>What every training run does around its steps: go on from the newest checkpoint, log, save, stop, and write the finished model.</summary>
internal sealed class TrainingLoop(
    RunFolder folder, LanguageModel model, TrainingCheckpoint checkpoint, CheckpointPolicy policy, IRunObserver observer, TimeProvider clock)
{
    // The metrics that StopWhen looks at.
    private readonly List<JsonObject> _recent = [];

    private ICollectives Ranks => model.Decoder.Sharding.Ranks;

    /// <summary>When the run has collapsed; null: never.</summary>
    public StopWhen? StopWhen { get; init; }

    /// <summary>Measures the model on held-out rows; null: nothing does.</summary>
    public Validation? Validation { get; init; }

    /// <summary>A student that has learned beside the model and is written beside it, in <c>student</c>; null for none.</summary>
    public LanguageModel? Student { get; init; }

    /// <summary>Runs the steps that are left.</summary>
    /// <param name="steps">Steps of the whole run.</param>
    /// <param name="step">Takes one step, counted from 0, and returns its metrics.</param>
    /// <param name="stop">Saves after the step under way and ends with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="RunFailedException">The run has collapsed; its last step is saved.</exception>
    public void Run(int steps, Func<int, JsonObject> step, CancellationToken stop)
    {
        int done = checkpoint.ResumeOrStart(observer.Warned);
        _recent.AddRange(StopWhen is null ? [] : RunRows.Read(folder.Metrics).TakeLast(StopWhen.Steps));
        Ranks.Barrier();
        observer.Started(done, steps);
        Ranks.ThrowIfStopped(stop);
        var remaining = new RemainingTime(done, steps);
        using EventFile? events = WritingProcess.IsThis ? EventFile.Open(folder.Path, done, TimeProvider.System) : null;
        long saved = clock.GetTimestamp();
        while (done < steps)
        {
            JsonObject metrics = step(done);
            done++;
            Validation?.AddTo(metrics, done, steps);
            remaining.AddTo(metrics, done);
            events?.Write(metrics);
            Log(metrics);
            bool stopping = Ranks.IsAny(stop.IsCancellationRequested) && done < steps;
            string? collapse = Collapse();

            // By the clock and the files of the rank that writes.
            bool isDue = Ranks.IsAny(WritingProcess.IsThis && done < steps && (policy.IsDue(done, clock.GetElapsedTime(saved)) || IsNewBest(metrics)));
            if (stopping || collapse is not null || isDue)
            {
                checkpoint.Save(done);
                saved = clock.GetTimestamp();
            }

            RequireAlive(done, collapse);
            if (stopping)
            {
                throw new OperationCanceledException(stop);
            }
        }

        RequireAlive(done, Collapse());
        if (Student is { } student)
        {
            AtomicDirectory.Write(Path.Combine(folder.Path, "student"), student.Save);
        }

        folder.Finish(directory =>
        {
            model.Save(directory);
            ModelCard.Write(folder, model, directory);
        });
    }

    // Not every step is measured, and only then are all of them read.
    private bool IsNewBest(JsonObject metrics) =>
        policy.BestBy is { IsHeldOut: true } best && metrics.ContainsKey(best.Name) && policy.IsNewBest(RunRows.Read(folder.Metrics));

    private string? Collapse() => StopWhen?.Reason(_recent);

    private void RequireAlive(int done, string? collapse)
    {
        if (collapse is not null)
        {
            throw new RunFailedException($"the run has collapsed: {collapse}. Step {done} is saved in {folder.Checkpoint(done)}; "
                + "the same command goes on with --set stop_when=null");
        }
    }

    private void Log(JsonObject metrics)
    {
        folder.Append(metrics);
        if (StopWhen is not null)
        {
            _recent.Add(metrics);
            _recent.RemoveRange(0, Math.Max(0, _recent.Count - StopWhen.Steps));
        }

        observer.Stepped(metrics);
        foreach (string warning in SilentFailures.Of(metrics))
        {
            observer.Warned(warning);
        }
    }
}

/// <summary>How long a run still takes, by the mean step since it began or was resumed.</summary>
/// <param name="done">Steps done before.</param>
/// <param name="total">Steps of the whole run.</param>
internal sealed class RemainingTime(int done, int total)
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    /// <summary>Adds <c>eta_seconds</c> after a step.</summary>
    /// <param name="metrics">The step's metrics.</param>
    /// <param name="steps">Steps done.</param>
    public void AddTo(JsonObject metrics, int steps) =>
        metrics["eta_seconds"] = Math.Round(_clock.Elapsed.TotalSeconds / (steps - done) * (total - steps), 1);
}
