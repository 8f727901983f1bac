using Rlt.Runs;
using Rlt.Training;

namespace Rlt.Cli.Commands.Training;

/// <summary>What the commands of GRPO share around a run.</summary>
internal static class GrpoCommand
{
    /// <summary>Says which checkpoint had the highest reward.</summary>
    public static void TellBest(RunFolder folder, RunObserver observer)
    {
        if (TrainingCheckpoint.Best(folder) is var (best, score))
        {
            observer.Said(
                FormattableString.Invariant($"best checkpoint: {best} (mean reward {score:G4} over the {CheckpointPolicy.ScoreSteps} steps before it)"));
        }
    }
}
