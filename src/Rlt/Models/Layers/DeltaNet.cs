using Rlt.Models.Gradients;
using Rlt.Models.Plans;
using Rlt.Platform;
using static TorchSharp.torch;

namespace Rlt.Models.Layers;

// N rows, D width, C channels, G key heads, H value heads, K key width, V value width
/// <summary>A gated delta rule layer behind a causal convolution.</summary>
/// <remarks>Source: Gated Delta Networks (arXiv 2412.06464), in the form that Qwen3.5's checkpoints have.</remarks>
internal sealed class DeltaNet : IMixer
{
    private readonly DeltaNetPlan _plan;
    private readonly int _layer;
    private readonly Linear _mixed, _gate, _beta, _decay, _output;
    private readonly Parameter _convolution, _rate, _bias;
    private readonly RmsNorm _norm;

    public DeltaNet(DeltaNetPlan plan, int layer, WeightMap weights, string prefix, double epsilon)
    {
        (_plan, _layer) = (plan, layer);
        _mixed = weights.Linear(prefix + "in_proj_qkv");
        _gate = weights.Linear(prefix + "in_proj_z");
        _beta = weights.Linear(prefix + "in_proj_b");
        _decay = weights.Linear(prefix + "in_proj_a");
        _output = weights.Linear(prefix + "out_proj");
        _convolution = weights[prefix + "conv1d.weight"];
        _rate = weights[prefix + "A_log"];
        _bias = weights[prefix + "dt_bias"];
        _norm = new RmsNorm(weights[prefix + "norm.weight"], epsilon);
    }

    /// <inheritdoc/>
    public IReadOnlyList<Linear> Linears => [_mixed, _gate, _beta, _decay, _output];

    /// <inheritdoc/>
    public Variable Apply(Variable x_ND, PassContext context, Tape? tape)
    {
        long rows = x_ND.Data.size(0);
        Variable mixed_NC = context.Pass.Convolve(_layer, _mixed.Apply(x_ND, tape), _convolution, tape);
        var inputs = new DeltaInputs(
            Heads(0, _plan.KeyHeads, _plan.KeySize), Heads(_plan.KeyWidth, _plan.KeyHeads, _plan.KeySize),
            Heads(2 * _plan.KeyWidth, _plan.ValueHeads, _plan.ValueSize),
            Tape.Plain(tape, Decay, [_decay.Apply(x_ND, tape)], _rate, _bias),
            Tape.Plain(tape, data => data[0].Wide().sigmoid(), [_beta.Apply(x_ND, tape)]));
        Variable read_NHV = context.Pass.Recur(_layer, inputs, tape);

        // The norm first, the gate after it.
        Variable normed = Variable.View(_norm.Apply(read_NHV, tape), tape, rows, _plan.ValueWidth);
        return _output.Apply(GatedActivation.SwiGlu(_gate.Apply(x_ND, tape), normed, tape), tape);

        Variable Heads(long start, int heads, int size) =>
            Variable.Part(mixed_NC, whole => whole.narrow(-1, start, (long)heads * size).reshape(rows, heads, size), tape);
    }

    // −exp(A) · softplus(a + bias)
    private static Tensor Decay(Tensor[] data)
    {
        (Tensor a_NH, Tensor rate_H, Tensor bias_H) = (data[0].Wide(), data[1].Wide(), data[2].Wide());
        return rate_H.exp().neg() * nn.functional.softplus(a_NH + bias_H, 1, 20);
    }
}
