using Rlt.Runs;
using Rlt.Training;

namespace Rlt.Cli.Commands.Training;

/// <summary>What the commands of GRPO share around a run.</summary>
internal static class GrpoCommand
{
    /// <summary>Says which of the run's models, the finished one among them, had the highest reward, over which steps.</summary>
    public static void TellBest(RunFolder folder, CheckpointPolicy policy, RunObserver observer)
    {
        if (TrainingCheckpoint.Best(folder, policy) is not { } best || TrainingCheckpoint.Finished(folder, policy) is not { } end)
        {
            return;
        }

        observer.Said(best.Directory == end.Directory
            ? $"best model: the finished one, {best.Directory} ({Reward(best)})"
            : $"best model: {best.Directory} ({Reward(best)}); the finished one: {Reward(end)}");
    }

    /// <summary>Says whether the run was healthy, or what was wrong, when and how often.</summary>
    public static void TellVerdict(RunFolder folder, RunObserver observer) =>
        observer.Said($"verdict: {SilentFailures.Verdict(RunRows.Read(folder.Metrics))}");

    private static string Reward(ScoredModel model) => FormattableString.Invariant(
        $"mean reward {model.Score:G4} over {(model.FirstStep == model.LastStep ? "step" : $"steps {model.FirstStep} to")} {model.LastStep}");
}
