using Rlt.Models;
using Rlt.Runs;
using Rlt.Training;
using Rlt.Training.Grpo;

namespace Rlt.Cli.Commands.Training;

/// <summary>What the commands of GRPO share around a run.</summary>
internal static class GrpoCommand
{
    /// <summary>The frozen model of the KL penalty; null where the penalty has no weight. Beside adapters it is the base, on the same weights.</summary>
    public static Decoder? Reference(GrpoConfig config, LanguageModel policy) =>
        config.Loss.Beta == 0 ? null
        : config.Lora is null ? ModelFiles.Load(config.Model, config.Device.ResolveDtype(), config.Device.Resolve())
        : policy.Decoder.WithoutAdapters();

    /// <summary>Says which checkpoint had the highest reward.</summary>
    public static void TellBest(RunFolder folder, RunObserver observer)
    {
        if (TrainingCheckpoint.Best(folder) is var (best, score))
        {
            observer.Said(FormattableString.Invariant($"best checkpoint: {best} (mean reward {score:G4} over the {CheckpointPolicy.ScoreSteps} steps before it)"));
        }
    }
}
