using System.Text.Json.Nodes;
using Rlt.Runs;
using Rlt.Training;
using Rlt.Training.Sft;

namespace Rlt.Cli.Commands.Training;

/// <summary>What every training command says at a run's end.</summary>
internal static class RunEnd
{
    /// <summary>Says whether the run was healthy, or what was wrong, when and how often; and which model was best.</summary>
    /// <param name="folder">The run.</param>
    /// <param name="policy">How its models are scored.</param>
    /// <param name="observer">Is told.</param>
    /// <param name="losses">What of the data was not learned; null where that says nothing.</param>
    public static void Tell(RunFolder folder, CheckpointPolicy policy, RunObserver observer, RowLosses? losses = null)
    {
        IReadOnlyList<JsonObject> metrics = RunRows.Read(folder.Metrics);
        observer.Said($"verdict: {RunVerdict.Of(metrics, losses)}");
        if (TrainingCheckpoint.Best(folder, policy) is { } best && TrainingCheckpoint.Finished(folder, policy) is { } end)
        {
            observer.Said(best.Directory == end.Directory
                ? $"best model: the finished one, {best.Directory} ({Score(best)})"
                : $"best model: {best.Directory} ({Score(best)}); the finished one: {Score(end)}");
        }

        string Score(ScoredModel model) => policy.BestBy!.Name is var name && policy.BestBy.IsHeldOut
            ? $"{policy.BestBy.Shown} {Validation.Shown(metrics[model.LastStep - 1], name)} after step {model.LastStep}"
            : FormattableString.Invariant($"{policy.BestBy.Shown} {model.Score:G4} over ")
                + $"{(model.FirstStep == model.LastStep ? "step" : $"steps {model.FirstStep} to")} {model.LastStep}";
    }
}
