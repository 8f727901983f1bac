using System.Text.Json.Serialization;
using Rlt.Configuration;
using Rlt.Configuration.Resuming;
using Rlt.Data;
using Rlt.Models.Adapters;

namespace Rlt.Training;

/// <summary>What every training run has.</summary>
public abstract record TrainingConfig : DataRunConfig
{
    /// <summary>Tokens of one training micro-batch; the gradients do not depend on it. 0: as the memory plan says.</summary>
    [MayChange]
    public int MicroBatchTokens { get; init; }

    /// <summary>true: layers are computed again in the backward pass (less memory, a third more time); false: graphs are kept; auto: where they fit.</summary>
    [MayChange]
    public Recompute Recompute { get; init; }

    /// <summary>Steps between checkpoints; 0: by <see cref="SaveMinutes"/> alone.</summary>
    [JsonPropertyOrder(3)]
    [MayChange]
    public int SaveEvery { get; init; }

    /// <summary>Minutes between checkpoints; 0: by <see cref="SaveEvery"/> alone.</summary>
    [JsonPropertyOrder(3)]
    [MayChange]
    public double SaveMinutes { get; init; } = 30;

    /// <summary>The newest checkpoints that are kept.</summary>
    [JsonPropertyOrder(3)]
    [MayChange]
    public int KeepLast { get; init; } = 2;

    /// <summary>
    /// Keeps the best checkpoint, too: the one that did best on the held-out rows of <see cref="Validate"/>, after whose measurement it is saved; without
    /// them, of a GRPO run the one with the highest mean reward over its last 10 steps (all, where it has had fewer).
    /// </summary>
    [MayChange]
    [JsonPropertyOrder(3)]
    public bool KeepBest { get; init; } = true;

    /// <summary>Held-out rows to measure the model on; null for none.</summary>
    [MayChange]
    [JsonPropertyOrder(3)]
    public ValidateConfig? Validate { get; init; }

    /// <summary>The held-out data and how to read it; null for none.</summary>
    public DataSource? HeldOut => Validate is null ? null : SourceOf(Validate.Data) with { Subset = Validate.Subset, Split = Validate.Split, Limit = Validate.Limit };

    /// <summary>Trains low-rank adapters beside the frozen weights, which are a GRPO run's reference; null trains all weights.</summary>
    [JsonPropertyOrder(5)]
    public LoraConfig? Lora { get; init; }
}
