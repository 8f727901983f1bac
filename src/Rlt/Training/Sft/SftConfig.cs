using System.Text.Json.Serialization;
using Rlt.Configuration;
using Rlt.Configuration.Resuming;
using Rlt.Data;

namespace Rlt.Training.Sft;

/// <summary>Supervised fine-tuning: the teacher's warm-up, or a student's distillation.</summary>
public record SftConfig : TrainingConfig
{
    /// <summary>The model directory to start from.</summary>
    [ConfigPath(PathKind.Model)]
    public required string Model { get; init; }

    /// <summary>A Parquet, JSONL, JSON or CSV file, a data set's folder or its Hub id: rows to learn.</summary>
    [ConfigPath(PathKind.Data)]
    public required string Data { get; init; }

    /// <summary>The run's directory; the finished model is in its <c>model</c>.</summary>
    [ConfigPath(PathKind.Run)]
    public override required string Out { get; init; }

    /// <summary>The tags and system prompts: a shipped format's name (stratos, r1, small) or a file; needed unless the target is text.</summary>
    [ConfigPath(PathKind.FileOrName)]
    public string? Format { get; init; }

    /// <summary>teacher, student or text; null takes the command's own.</summary>
    public SftTarget? Target { get; init; }

    /// <summary>What a trace weighs in the loss: none (1) or reward: softmax(reward / weights_temperature) over the traces of one question, times their number.</summary>
    public TraceWeighting Weights { get; init; }

    /// <summary>The temperature of the weights, in units of the reward: near 0 the best trace of a question alone is learned, at a high one all alike.</summary>
    public double WeightsTemperature { get; init; } = 1;

    /// <summary>Passes over the data. Ignored where <see cref="Steps"/> is set.</summary>
    [MayChange]
    public int Epochs { get; init; } = 1;

    /// <summary>Optimizer steps; 0: as the epochs need.</summary>
    [MayChange]
    public int Steps { get; init; }

    /// <summary>Sequences of one optimizer step.</summary>
    public int BatchSize { get; init; } = 16;

    /// <summary>Tokens a sequence is cut to.</summary>
    [JsonPropertyOrder(1)]
    public int Cutoff { get; init; } = 16384;

    /// <summary>The optimizer.</summary>
    [JsonPropertyOrder(4)]
    public required OptimizerConfig Optimizer { get; init; }

    /// <summary>The data and how to read it.</summary>
    public DataSource Source => SourceOf(Data);

    /// <summary>
    /// When to save, and what to keep. Without held-out rows there is no best: the loss is of other rows at each step, and lowest where they are known by heart.
    /// </summary>
    public CheckpointPolicy Checkpoints => new(SaveEvery, SaveMinutes, KeepLast, KeepBest && Validate is not null ? HeldOutMetric : null);

    /// <summary>What is measured on held-out rows.</summary>
    public virtual BestMetric HeldOutMetric => BestMetric.HeldOutLoss;

    /// <inheritdoc/>
    public override IEnumerable<ConfigProblem> Problems() =>
    [
        .. Ranges.Share(nameof(MaxBadRows), MaxBadRows),
        .. Ranges.AtLeastOne((nameof(Epochs), Epochs), (nameof(BatchSize), BatchSize), (nameof(Cutoff), Cutoff)),
        .. Ranges.NotNegative((nameof(MicroBatchTokens), MicroBatchTokens), (nameof(Steps), Steps), (nameof(Limit), Limit)),
        .. Checkpoints.Problems(),
        .. WeightsTemperature > 0 ? Array.Empty<ConfigProblem>()
            : [new ConfigProblem(nameof(WeightsTemperature), $"is {WeightsTemperature}; expected more than 0: near 0 the best trace alone is learned")],
        .. Weights != TraceWeighting.None && Target == SftTarget.Text
            ? [new ConfigProblem(nameof(Weights), "is reward, but the target is text, whose rows have no reward. Leave it out, or set target: student")]
            : Array.Empty<ConfigProblem>(),
        .. HeldOutMetric == BestMetric.HeldOutLoss && Validate is { Samples: > 1 and var samples }
            ? [new ConfigProblem("validate.samples", $"is {samples}, but supervised fine-tuning samples nothing: the held-out loss is measured. Leave it out")]
            : Array.Empty<ConfigProblem>(),
    ];
}
