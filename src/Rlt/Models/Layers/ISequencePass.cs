using Rlt.Models.Gradients;
using static TorchSharp.torch;

namespace Rlt.Models.Layers;

// N rows, H heads, K kv heads, E head width
/// <summary>How the rows of one pass through the layers are joined into sequences: what they attend to, what state they follow, and where they stand.</summary>
public interface ISequencePass
{
    /// <summary>Each row's position in its sequence, int64.</summary>
    Tensor Positions_N { get; }

    /// <summary>A number above all positions.</summary>
    int Longest { get; }

    /// <summary>Each row's sequence is this long, int64: positions whose angles depend on that need it.</summary>
    Tensor Lengths_N { get; }

    /// <summary>The rows' attention in a layer: [N, H, E].</summary>
    Variable Attend(int layer, AttentionRule rule, Variable q_NHE, Variable k_NKE, Variable v_NKE, Tape? tape);

    /// <summary>The causal convolution of a recurrent layer, with SiLU: [N, C].</summary>
    Variable Convolve(int layer, Variable x_NC, Parameter weight_C1K, Tape? tape);

    /// <summary>What the rows read from a recurrent layer's state: [N, H, V].</summary>
    Variable Recur(int layer, DeltaInputs inputs, Tape? tape);
}

// G key heads, H value heads
/// <summary>What a token brings to the gated delta rule.</summary>
/// <param name="Q_NGK">Queries, not yet of unit length.</param>
/// <param name="K_NGK">Keys, the same.</param>
/// <param name="V_NHV">Values.</param>
/// <param name="Decay_NH">The logarithm of what the state is multiplied by, float32.</param>
/// <param name="Beta_NH">The share of a key's value that is replaced, float32.</param>
public sealed record DeltaInputs(Variable Q_NGK, Variable K_NGK, Variable V_NHV, Variable Decay_NH, Variable Beta_NH);

/// <summary>Whole sequences, joined as the layout says; where there is a cache, what later tokens need of them is kept.</summary>
/// <param name="layout">Where the sequences lie.</param>
/// <param name="cache">Receives keys, values and states, or null.</param>
/// <param name="places">Where in the cache each row and sequence goes.</param>
public sealed class PackedPass(SequenceLayout layout, SequenceCache? cache = null, CachePlaces? places = null) : ISequencePass
{
    /// <inheritdoc/>
    public Tensor Positions_N => layout.Positions_N;

    /// <inheritdoc/>
    public int Longest => layout.Longest;

    /// <inheritdoc/>
    public Tensor Lengths_N => layout.Lengths_N;

    /// <inheritdoc/>
    public Variable Attend(int layer, AttentionRule rule, Variable q_NHE, Variable k_NKE, Variable v_NKE, Tape? tape)
    {
        cache?.Write(layer, k_NKE.Data, v_NKE.Data, places!);
        return Attention.Packed(rule, q_NHE, k_NKE, v_NKE, layout, tape);
    }

    /// <inheritdoc/>
    public Variable Convolve(int layer, Variable x_NC, Parameter weight_C1K, Tape? tape)
    {
        cache?.States[layer].KeepTails(CausalConvolution.Tails(x_NC.Data, layout, (int)weight_C1K.Value.size(2)), places!.States_S);
        return CausalConvolution.Packed(x_NC, weight_C1K, layout, tape);
    }

    /// <inheritdoc/>
    public Variable Recur(int layer, DeltaInputs inputs, Tape? tape)
    {
        (Variable q, Variable k, Variable v, Variable decay, Variable beta) = inputs;
        if (cache is null)
        {
            return GatedDelta.Packed(q, k, v, decay, beta, layout, tape);
        }

        Tensor ends_SHKV = cache.States[layer].Ends(layout.Segments.Count);
        Variable read = GatedDelta.Packed(q, k, v, decay, beta, layout, tape, ends_SHKV);
        cache.States[layer].KeepEnds(ends_SHKV, places!.States_S);
        return read;
    }
}
