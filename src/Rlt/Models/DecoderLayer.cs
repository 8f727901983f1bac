using Rlt.Models.Adapters;
using Rlt.Platform;
using static TorchSharp.torch;

namespace Rlt.Models;

// N rows, D width, H heads, K kv heads, E head width, I inner width
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

    /// <summary>The layer's output: [N, D].</summary>
    /// <param name="x_ND">The layer's input, a row for each token of the pass.</param>
    /// <param name="turn">The rows' rotary angles.</param>
    /// <param name="pass">What the rows attend to.</param>
    public Tensor Forward(Tensor x_ND, RotaryTurn turn, IAttentionPass pass)
    {
        Tensor normed_ND = InputNorm.Apply(x_ND);
        Tensor q_NHE = turn.Apply(Normed(QueryNorm, Heads(Query.Apply(normed_ND), _config.HeadCount)));
        Tensor k_NKE = turn.Apply(Normed(KeyNorm, Heads(Key.Apply(normed_ND), _config.KeyValueHeadCount)));
        Tensor v_NKE = Heads(Value.Apply(normed_ND), _config.KeyValueHeadCount);
        Tensor attended_ND = pass.Attend(Index, q_NHE, k_NKE, v_NKE).view(x_ND.size(0), (long)_config.HeadCount * _config.HeadSize);
        (Tensor middle_ND, Tensor postNormed_ND) = PostNorm.AddThenApply(x_ND, Output.Apply(attended_ND));
        return middle_ND + Down.Apply(SwiGlu(Gate.Apply(postNormed_ND), Up.Apply(postNormed_ND)));
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

    private static Tensor Normed(RmsNorm? norm, Tensor x_NHE) => norm?.Apply(x_NHE) ?? x_NHE;

    private static Tensor SwiGlu(Tensor gate_NI, Tensor up_NI) => CpuKernels.Serve(gate_NI) ? CpuKernels.SwiGlu(gate_NI, up_NI) : gate_NI.silu() * up_NI;

    private Tensor Heads(Tensor x_ND, int heads) => x_ND.view(x_ND.size(0), heads, _config.HeadSize);
}
