using Rlt.Models.Plans;

namespace Rlt.Models.Families;

/// <summary>What a family's file makes of a config: the layers, and what is around them.</summary>
/// <param name="Layers">First to last.</param>
internal sealed record ModelPlan(IReadOnlyList<LayerPlan> Layers)
{
    /// <summary>What is added to the weights of the norms: 0, or 1 where checkpoints hold differences from 1.</summary>
    public double NormOffset { get; init; }

    /// <summary>What token embeddings are multiplied by.</summary>
    public double EmbeddingScale { get; init; } = 1;

    /// <summary>c of logits c · tanh(logits / c); null for none.</summary>
    public double? LogitCap { get; init; }

    /// <summary>Is the output head the embedding where config.json does not say.</summary>
    public bool TiedByDefault { get; init; }

    /// <summary>Whether tensors of a checkpoint that are none of these layers' belong to it all the same, by the name's beginning or end.</summary>
    public Func<string, bool> PassesOver { get; init; } = _ => false;
}
