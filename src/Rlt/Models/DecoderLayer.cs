using Rlt.Models.Adapters;
using static TorchSharp.torch;

namespace Rlt.Models;

// B batch, T tokens, D width, H heads, K kv heads, E head width
/// <summary>One pre-norm transformer block: attention with rotary positions, then a SwiGLU feed-forward.</summary>
public sealed class DecoderLayer
{
    private readonly ModelConfig _config;

    /// <summary>A layer of the given shape whose weights are <paramref name="weights"/>'s.</summary>
    internal DecoderLayer(ModelConfig config, int index, WeightMap weights)
    {
        _config = config;
        Index = index;
        string prefix = $"model.layers.{index}.";
        InputNorm = weights.Norm(prefix + "input_layernorm");
        Query = weights.Linear(prefix + "self_attn.q_proj");
        Key = weights.Linear(prefix + "self_attn.k_proj");
        Value = weights.Linear(prefix + "self_attn.v_proj");
        Output = weights.Linear(prefix + "self_attn.o_proj");
        QueryNorm = weights.OptionalNorm(prefix + "self_attn.q_norm");
        KeyNorm = weights.OptionalNorm(prefix + "self_attn.k_norm");
        PostNorm = weights.Norm(prefix + "post_attention_layernorm");
        Gate = weights.Linear(prefix + "mlp.gate_proj");
        Up = weights.Linear(prefix + "mlp.up_proj");
        Down = weights.Linear(prefix + "mlp.down_proj");
        Parameters = weights.Under(prefix);
        Linears = [Query, Key, Value, Output, Gate, Up, Down];
    }

    /// <summary>The layer's place, from 0.</summary>
    public int Index { get; }

    /// <summary>The layer's weights, in the checkpoint's order of names, then those of its adapters.</summary>
    public IReadOnlyList<Parameter> Parameters { get; private set; }

    /// <summary>The maps that can have an adapter.</summary>
    internal IReadOnlyList<Linear> Linears { get; }

    private RmsNorm InputNorm { get; }

    private Linear Query { get; }

    private Linear Key { get; }

    private Linear Value { get; }

    private Linear Output { get; }

    private RmsNorm? QueryNorm { get; }

    private RmsNorm? KeyNorm { get; }

    private RmsNorm PostNorm { get; }

    private Linear Gate { get; }

    private Linear Up { get; }

    private Linear Down { get; }

    /// <summary>The layer's output for whole sequences, causal: [B, T, D].</summary>
    /// <param name="x_BTD">The layer's input.</param>
    /// <param name="cos_TE">Cosines of positions 0 to T − 1.</param>
    /// <param name="sin_TE">Sines of the same.</param>
    /// <param name="cache">Where to keep the keys and values, or null.</param>
    public Tensor Forward(Tensor x_BTD, Tensor cos_TE, Tensor sin_TE, KeyValueCache? cache = null)
    {
        (Tensor q_BHTE, Tensor k_BKTE, Tensor v_BKTE) = Project(InputNorm.Apply(x_BTD), cos_TE, sin_TE);
        cache?.WritePrompt(Index, k_BKTE, v_BKTE);
        return Finish(x_BTD, Attention.Causal(q_BHTE, k_BKTE, v_BKTE));
    }

    /// <summary>Gives the layer the adapters that the set's config asks for.</summary>
    internal void Attach(AdapterSet adapters)
    {
        foreach (Linear linear in Linears)
        {
            adapters.AttachTo(linear);
        }

        Parameters = [.. Parameters, .. Linears.Select(linear => linear.Adapter).OfType<LoraAdapter>().SelectMany(adapter => new[] { adapter.A, adapter.B })];
    }

    /// <summary>The layer's output for one more token of each row, which it adds to the cache: [B, 1, D].</summary>
    internal Tensor Step(Tensor x_B1D, DecodeStep step, KeyValueCache cache)
    {
        (Tensor q_BH1E, Tensor k_BK1E, Tensor v_BK1E) = Project(InputNorm.Apply(x_B1D), step.Cos_B11E, step.Sin_B11E);
        cache.WriteStep(Index, step.Rows_B, step.Positions_B, k_BK1E, v_BK1E);
        Tensor attended_BH1E = Attention.Step(q_BH1E, cache.Keys(Index, step.Length), cache.Values(Index, step.Length), step.Hidden_B11S);
        return Finish(x_B1D, attended_BH1E);
    }

    private (Tensor Q_BHTE, Tensor K_BKTE, Tensor V_BKTE) Project(Tensor x_BTD, Tensor cos, Tensor sin)
    {
        Tensor q_BTHE = Heads(Query.Apply(x_BTD), _config.HeadCount);
        Tensor k_BTKE = Heads(Key.Apply(x_BTD), _config.KeyValueHeadCount);
        Tensor v_BTKE = Heads(Value.Apply(x_BTD), _config.KeyValueHeadCount);
        q_BTHE = QueryNorm?.Apply(q_BTHE) ?? q_BTHE;
        k_BTKE = KeyNorm?.Apply(k_BTKE) ?? k_BTKE;
        return (RotaryEmbedding.Rotate(q_BTHE.transpose(1, 2), cos, sin), RotaryEmbedding.Rotate(k_BTKE.transpose(1, 2), cos, sin), v_BTKE.transpose(1, 2));
    }

    private Tensor Heads(Tensor x_BTD, int heads) => x_BTD.view(x_BTD.size(0), x_BTD.size(1), heads, _config.HeadSize);

    private Tensor Finish(Tensor x_BTD, Tensor attended_BHTE)
    {
        Tensor merged_BTD = attended_BHTE.transpose(1, 2).reshape(x_BTD.size(0), x_BTD.size(1), (long)_config.HeadCount * _config.HeadSize);
        Tensor middle_BTD = x_BTD + Output.Apply(merged_BTD);
        Tensor normed_BTD = PostNorm.Apply(middle_BTD);
        return middle_BTD + Down.Apply(Gate.Apply(normed_BTD).silu() * Up.Apply(normed_BTD));
    }
}

/// <summary>What every layer needs to decode one token a row.</summary>
/// <param name="Rows_B">0 to B − 1.</param>
/// <param name="Positions_B">The position of each row's new token.</param>
/// <param name="Cos_B11E">Cosines of those positions.</param>
/// <param name="Sin_B11E">Sines of the same.</param>
/// <param name="Hidden_B11S">True at the cached positions a row must not see.</param>
/// <param name="Length">S: cached positions to look at, the longest row's after this step.</param>
internal sealed record DecodeStep(Tensor Rows_B, Tensor Positions_B, Tensor Cos_B11E, Tensor Sin_B11E, Tensor Hidden_B11S, int Length);
