namespace Rlt.Studies.Settings;

/// <summary>An arm of an experiment: the same procedure with each seed.</summary>
public sealed record ArmConfig
{
    /// <summary>The short name that comparisons use.</summary>
    public required string Name { get; init; }

    /// <summary>What it is, in a few words.</summary>
    public required string Label { get; init; }

    /// <summary>The run folder of eval; <c>{seed}</c> stands for the seed, and a path without it is one run that serves for all.</summary>
    public required string Eval { get; init; }

    /// <summary>The JSONL file of traces, of collect or score, that the student learned from; null: none.</summary>
    public string? Traces { get; init; }

    /// <summary>The run folder of train-teacher whose teacher wrote the traces; null: none.</summary>
    public string? Teacher { get; init; }
}
