using System.Globalization;
using Rlt.Teaching.Rewards;
using Rlt.Training.Grpo;
using Rlt.Training.Optimization;

namespace Rlt.Training.Teacher;

/// <summary>Says where a teacher's training departs from the paper's run.</summary>
public static class PaperDepartures
{
    /// <summary>One phrase a difference in method: "loss.beta 0 (paper: 0.04)". Sizes that hardware decides are left out.</summary>
    /// <remarks>Source: RLT (arXiv 2506.08388), appendix B, and the released configuration.</remarks>
    public static IReadOnlyList<string> Of(TeacherConfig config)
    {
        GrpoOptions loss = config.Loss;
        var paperLoss = new GrpoOptions();
        (string Key, object Value, object Paper)[] choices =
        [
            ("steps", config.Steps, 125),
            ("questions_per_step", config.QuestionsPerStep, 16),
            ("group_size", config.GroupSize, 64),
            ("shuffle", config.Shuffle, true),
            ("temperature", config.Temperature, 0.7),
            ("reference_sync_steps", config.ReferenceSyncSteps, 32),
            ("reference_sync_mix", config.ReferenceSyncMix, 0.9),
            ("loss.beta", loss.Beta, paperLoss.Beta),
            ("loss.aggregation", loss.Aggregation, paperLoss.Aggregation),
            ("loss.ratio", loss.Ratio, paperLoss.Ratio),
            ("loss.clip_low", loss.ClipLow, paperLoss.ClipLow),
            ("loss.clip_high", loss.ClipHigh, paperLoss.ClipHigh),
            ("loss.updates_per_batch", loss.UpdatesPerBatch, paperLoss.UpdatesPerBatch),
            ("loss.num_iterations", loss.NumIterations, paperLoss.NumIterations),
            ("loss.normalize_by_std", loss.NormalizeByStd, paperLoss.NormalizeByStd),
            ("loss.mask_truncated", loss.MaskTruncated, paperLoss.MaskTruncated),
            ("loss.resample_rounds", loss.ResampleRounds, paperLoss.ResampleRounds),
            ("loss.unbias_log_probs", loss.UnbiasLogProbs, paperLoss.UnbiasLogProbs),
            ("optimizer.learning_rate", config.Optimizer.LearningRate, 1e-6),
            ("optimizer.schedule", config.Optimizer.Schedule, ScheduleKind.Constant),
            ("optimizer.max_grad_norm", config.Optimizer.MaxGradNorm, 1.0),
            ("optimizer.weight_decay", config.Optimizer.WeightDecay, 0.0),
        ];
        IEnumerable<string> departures = choices.Where(choice => !choice.Value.Equals(choice.Paper))
            .Select(choice => $"{choice.Key} {Text(choice.Value)} (paper: {Text(choice.Paper)})");
        if (config.Lora is { } lora)
        {
            departures = departures.Append($"lora of rank {lora.Rank} (paper: all weights)");
        }

        if (config.StudentRefresh is { } refresh)
        {
            departures = departures.Append($"student_refresh: {refresh.Steps} steps of distillation every {refresh.Every} (paper: a frozen student)");
        }

        return config.Reward == new RewardOptions() ? [.. departures] : [.. departures, "reward (the paper's weights: configs/rewards/paper.yaml)"];
    }

    private static string Text(object value) =>
        value is Enum ? value.ToString()!.ToLowerInvariant() : Convert.ToString(value, CultureInfo.InvariantCulture)!.ToLowerInvariant();
}
