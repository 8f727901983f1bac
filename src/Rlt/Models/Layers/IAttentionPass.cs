using Rlt.Models.Gradients;
using static TorchSharp.torch;

namespace Rlt.Models.Layers;

// N rows, H heads, K kv heads, E head width
/// <summary>What the rows of one pass through the layers attend to, and where they stand.</summary>
public interface IAttentionPass
{
    /// <summary>Each row's position in its sequence, int64.</summary>
    Tensor Positions_N { get; }

    /// <summary>A number above all positions.</summary>
    int Longest { get; }

    /// <summary>The rows' attention in a layer: [N, H, E].</summary>
    Variable Attend(int layer, Variable q_NHE, Variable k_NKE, Variable v_NKE, Tape? tape);
}

/// <summary>Whole sequences, attending to each other's rows as the layout says; where there is a cache, their keys and values are kept.</summary>
/// <param name="layout">Where the sequences lie.</param>
/// <param name="cache">Receives keys and values, or null.</param>
/// <param name="slots">Where in the cache each row goes.</param>
public sealed class PackedPass(SequenceLayout layout, KeyValueCache? cache = null, CacheSlots? slots = null) : IAttentionPass
{
    /// <inheritdoc/>
    public Tensor Positions_N => layout.Positions_N;

    /// <inheritdoc/>
    public int Longest => layout.Longest;

    /// <inheritdoc/>
    public Variable Attend(int layer, Variable q_NHE, Variable k_NKE, Variable v_NKE, Tape? tape)
    {
        cache?.Write(layer, k_NKE.Data, v_NKE.Data, slots!);
        return Attention.Packed(q_NHE, k_NKE, v_NKE, layout, tape);
    }
}
