using Rlt.Models.Adapters;
using Rlt.Models.Gradients;
using Rlt.Platform;
using static TorchSharp.torch;

namespace Rlt.Models.Layers;

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

    /// <summary>The weights, for the kernel that computes a decoding step.</summary>
    internal LayerTensors Tensors
    {
        get
        {
            return new LayerTensors(
                InputNorm.Weight.Value, Map(Query), Map(Key), Map(Value), QueryNorm?.Weight.Value, KeyNorm?.Weight.Value, Map(Output), PostNorm.Weight.Value,
                Map(Gate), Map(Up), Map(Down));

            static MapTensors Map(Linear linear) => new(linear.Weight.Value, linear.Bias?.Value);
        }
    }

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
    /// <param name="tape">Records what the backward takes; null where there is none.</param>
    public Variable Forward(Variable x_ND, RotaryTurn turn, IAttentionPass pass, Tape? tape = null)
    {
        long rows = x_ND.Data.size(0);
        Variable normed_ND = InputNorm.Apply(x_ND, tape);
        Variable q_NHE = turn.Apply(Normed(QueryNorm, Heads(Query.Apply(normed_ND, tape), _config.HeadCount)), tape);
        Variable k_NKE = turn.Apply(Normed(KeyNorm, Heads(Key.Apply(normed_ND, tape), _config.KeyValueHeadCount)), tape);
        Variable v_NKE = Heads(Value.Apply(normed_ND, tape), _config.KeyValueHeadCount);
        Variable attended_ND = Variable.View(pass.Attend(Index, q_NHE, k_NKE, v_NKE, tape), tape, rows, (long)_config.HeadCount * _config.HeadSize);
        (Variable middle_ND, Variable postNormed_ND) = PostNorm.AddThenApply(x_ND, Output.Apply(attended_ND, tape), tape);
        Variable inner_NI = SwiGlu(Gate.Apply(postNormed_ND, tape), Up.Apply(postNormed_ND, tape), tape);
        return Variable.Sum(middle_ND, Down.Apply(inner_NI, tape), tape);

        Variable Heads(Variable x, int heads) => Variable.View(x, tape, rows, heads, _config.HeadSize);
        Variable Normed(RmsNorm? norm, Variable x_NHE) => norm?.Apply(x_NHE, tape) ?? x_NHE;
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

    /// <summary>silu(gate) · up.</summary>
    internal static Variable SwiGlu(Variable gate_NI, Variable up_NI, Tape? tape)
    {
        if (!CpuKernels.Serve(gate_NI.Data))
        {
            return Tape.Plain(tape, data => data[0].silu() * data[1], [gate_NI, up_NI]);
        }

        var y_NI = new Variable(CpuKernels.SwiGlu(gate_NI.Data, up_NI.Data));
        if (tape is not null)
        {
            gate_NI.Keep();
            up_NI.Keep();
            y_NI.Rebuild(() => CpuKernels.SwiGlu(gate_NI.Data, up_NI.Data));
            tape.Record(y_NI, dy_NI =>
            {
                (Tensor dGate_NI, Tensor dUp_NI) = CpuKernels.SwiGluBackward(dy_NI, gate_NI.Data, up_NI.Data);
                gate_NI.Receive(dGate_NI);
                up_NI.Receive(dUp_NI);
            });
        }

        return y_NI;
    }
}
