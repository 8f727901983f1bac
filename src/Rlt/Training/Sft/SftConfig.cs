using Rlt.Configuration;
using Rlt.Data;
using Rlt.Models.Adapters;

namespace Rlt.Training.Sft;

/// <summary>Supervised fine-tuning: the teacher's warm-up, or a student's distillation.</summary>
public sealed record SftConfig : IValidated
{
    /// <summary>The model directory to start from.</summary>
    public required string Model { get; init; }

    /// <summary>A JSONL, JSON or CSV file of rows to learn.</summary>
    public required string Data { get; init; }

    /// <summary>The run's directory; the finished model is in its <c>model</c>.</summary>
    public required string Out { get; init; }

    /// <summary>The tags and system prompts: a shipped format's name (stratos, r1, small) or a file; needed unless the target is text.</summary>
    public string? Format { get; init; }

    /// <summary>teacher, student or text; null takes the command's own.</summary>
    public SftTarget? Target { get; init; }

    /// <summary>Passes over the data. Ignored where <see cref="Steps"/> is set.</summary>
    public int Epochs { get; init; } = 1;

    /// <summary>Optimizer steps; 0: as the epochs need.</summary>
    public int Steps { get; init; }

    /// <summary>Sequences of one optimizer step.</summary>
    public int BatchSize { get; init; } = 16;

    /// <summary>Tokens of one micro-batch; the gradients do not depend on it. 0: as the memory plan says.</summary>
    public int MicroBatchTokens { get; init; }

    /// <summary>true: each layer is computed again in the backward pass (less memory, about a third more time); false: its graph is kept; auto: kept where it fits.</summary>
    public Recompute Recompute { get; init; }

    /// <summary>Tokens a sequence is cut to.</summary>
    public int Cutoff { get; init; } = 16384;

    /// <summary>Columns of the data that do not have their usual names.</summary>
    public FieldNames Fields { get; init; } = new();

    /// <summary>The share of the data's rows that may be left out, with a warning, because they cannot be used; more stop the run.</summary>
    public double MaxBadRows { get; init; } = 0.01;

    /// <summary>Rows read at most; 0 reads all.</summary>
    public int Limit { get; init; }

    /// <summary>Seeds the order of the data, and the adapters' first weights and dropout.</summary>
    public long Seed { get; init; }

    /// <summary>Steps between checkpoints; 0: by <see cref="SaveMinutes"/> alone.</summary>
    public int SaveEvery { get; init; }

    /// <summary>Minutes between checkpoints; 0: by <see cref="SaveEvery"/> alone.</summary>
    public double SaveMinutes { get; init; } = 30;

    /// <summary>The newest checkpoints that are kept. There is no best one to keep: the loss is of other rows at each step, and is lowest where they are known by heart.</summary>
    public int KeepLast { get; init; } = 2;

    /// <summary>The optimizer.</summary>
    public required OptimizerConfig Optimizer { get; init; }

    /// <summary>Trains low-rank adapters beside the frozen weights; null trains all weights.</summary>
    public LoraConfig? Lora { get; init; }

    /// <summary>Device, precision and threads.</summary>
    public DeviceConfig Device { get; init; } = new();

    /// <summary>The data and how to read it.</summary>
    public DataSource Source => new(Data) { Fields = Fields, MaxBadRows = MaxBadRows, Limit = Limit };

    /// <summary>When to save, and what to keep.</summary>
    public CheckpointPolicy Checkpoints => new(SaveEvery, SaveMinutes, KeepLast);

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Problems() =>
    [
        .. Ranges.Share(nameof(MaxBadRows), MaxBadRows),
        .. Ranges.AtLeastOne((nameof(Epochs), Epochs), (nameof(BatchSize), BatchSize), (nameof(Cutoff), Cutoff)),
        .. Ranges.NotNegative((nameof(MicroBatchTokens), MicroBatchTokens), (nameof(Steps), Steps), (nameof(Limit), Limit)),
        .. Checkpoints.Problems(),
    ];
}
