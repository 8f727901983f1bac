using Rlt.Models.Adapters;
using Rlt.Models.Gradients;
using Rlt.Models.Plans;
using Rlt.Platform;

namespace Rlt.Models.Layers;

// N rows, D width, P width of the token input
/// <summary>One transformer block: a mixer, then a feed-forward, each added to the residual stream, with norms where its plan has them.</summary>
public sealed class DecoderLayer
{
    private readonly RmsNorm? _beforeMixer, _afterMixer, _beforeFeedForward, _afterFeedForward;
    private readonly IMixer _mixer;
    private readonly IFeedForward _feedForward;
    private readonly (Linear Gate, Linear Projection, RmsNorm Norm)? _tokenInput;
    private readonly Parameter? _scale;

    /// <summary>A layer of the given shape whose weights are <paramref name="weights"/>'s.</summary>
    internal DecoderLayer(ModelConfig config, int index, WeightMap weights)
    {
        (Index, Plan) = (index, config.Layers[index]);
        string prefix = config.LayerPrefix(index);
        NormPlaces norms = Plan.Norms;
        (_beforeMixer, _afterMixer) = (NormAt(norms.BeforeMixer), NormAt(norms.AfterMixer));
        (_beforeFeedForward, _afterFeedForward) = (NormAt(norms.BeforeFeedForward), NormAt(norms.AfterFeedForward));
        bool isSource = config.Layers.Any(layer => layer.Mixer is AttentionPlan { Source: { } source } && source == index);
        _mixer = Plan.Mixer switch
        {
            DeltaNetPlan delta => new DeltaNet(delta, index, weights, prefix + "linear_attn.", config.NormEpsilon),
            var attention => new SelfAttention((AttentionPlan)attention, index, isSource, weights, prefix + "self_attn.", config.NormEpsilon),
        };
        _feedForward = Plan.FeedForward switch
        {
            DensePlan dense => new FeedForward(dense, weights, prefix + "mlp."),
            ExpertsPlan { Beside: not null } both => new DenseAndExperts(both, weights, prefix, config.NormEpsilon),
            var experts => new Experts((ExpertsPlan)experts, weights, prefix, config.NormEpsilon),
        };
        if (Plan.TokenInputSize > 0)
        {
            _tokenInput = (weights.Linear(prefix + "per_layer_input_gate"), weights.Linear(prefix + "per_layer_projection"),
                weights.Norm(prefix + "post_per_layer_input_norm"));
        }

        _scale = weights.Optional(prefix + "layer_scalar");
        Parameters = [.. weights.Under(prefix).Where(parameter => !WeightShapes.IsBuffer(parameter.Name))];
        Linears = [.. _mixer.Linears, .. _feedForward.Linears];

        RmsNorm? NormAt(string? name) => name is null ? null : weights.Norm(prefix + name);
    }

    /// <summary>The layer's place, from 0.</summary>
    public int Index { get; }

    /// <summary>What it computes.</summary>
    public LayerPlan Plan { get; }

    /// <summary>The layer's weights, in the checkpoint's order of names, then those of its adapters.</summary>
    public IReadOnlyList<Parameter> Parameters { get; private set; }

    /// <summary>The maps that can have an adapter.</summary>
    internal IReadOnlyList<Linear> Linears { get; }

    /// <summary>Rows that each expert was given by training passes; null where there are no experts.</summary>
    internal long[]? ExpertLoad => _feedForward switch
    {
        Experts experts => experts.Load,
        DenseAndExperts both => both.Experts.Load,
        _ => null,
    };

    /// <summary>The weights, for the kernel that computes a decoding step; null where the layer is another than that kernel's.</summary>
    internal LayerTensors? Tensors
    {
        get
        {
            bool isPlain = Plan is { Mixer: AttentionPlan { Window: 0, Sinks: false, Gated: false, QueryKeyNorm: not QueryKeyNorm.WholeProjection, Rotary: { } rotary,
                QueryRotary: null, Fused: false } attention, FeedForward: DensePlan { Activation: Activation.SwiGlu, Fused: false }, TokenInputSize: 0 }
                && Plan.Norms == NormPlaces.Before && rotary.Dimensions == attention.HeadSize && rotary.Scaling is not RopeScaling.LongRope
                && _beforeMixer!.Offset == 0;
            return isPlain && _mixer is SelfAttention { Query: { } query, Key: { } key, Value: { } value } mixer
                && _feedForward is FeedForward { Gate: { } gate, Up: { } up } feedForward
                ? new LayerTensors(
                    _beforeMixer!.Weight!.Value, Map(query), Map(key), Map(value), mixer.QueryNorm?.Weight!.Value, mixer.KeyNorm?.Weight!.Value,
                    Map(mixer.Output), _beforeFeedForward!.Weight!.Value, Map(gate), Map(up), Map(feedForward.Down))
                : null;

            static MapTensors Map(Linear linear) => new(linear.Weight.Value, linear.Bias?.Value);
        }
    }

    /// <summary>The layer's output: [N, D].</summary>
    /// <param name="x_ND">The layer's input, a row for each token of the pass.</param>
    /// <param name="context">What goes with the rows.</param>
    /// <param name="tape">Records what the backward takes; null where there is none.</param>
    public Variable Forward(Variable x_ND, PassContext context, Tape? tape = null)
    {
        Variable mixed_ND = Normed(_afterMixer, _mixer.Apply(Normed(_beforeMixer, x_ND), context, tape));
        (Variable middle_ND, Variable entering_ND) = _beforeFeedForward?.AddThenApply(x_ND, mixed_ND, tape) ?? Same(Variable.Sum(x_ND, mixed_ND, tape));
        Variable made_ND = Normed(_afterFeedForward, _feedForward.Apply(entering_ND, middle_ND, tape));
        return Scaled(WithTokenInput(Variable.Sum(middle_ND, made_ND, tape), context.TokenInputs, tape), tape);

        Variable Normed(RmsNorm? norm, Variable x) => norm?.Apply(x, tape) ?? x;
        static (Variable, Variable) Same(Variable x) => (x, x);
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

    // x + norm(projection(gelu(gate(x)) · the token's input))
    private Variable WithTokenInput(Variable x_ND, TokenInputs? inputs, Tape? tape)
    {
        if (_tokenInput is not var (gate, projection, norm))
        {
            return x_ND;
        }

        Variable gated_NP = GatedActivation.Apply(Activation.GeGlu, gate.Apply(x_ND, tape), inputs!.Take(Index, tape), tape);
        return Variable.Sum(x_ND, norm.Apply(projection.Apply(gated_NP, tape), tape), tape);
    }

    private Variable Scaled(Variable x_ND, Tape? tape)
    {
        if (_scale is null)
        {
            return x_ND;
        }

        var y_ND = new Variable(x_ND.Data * _scale.Value.to(x_ND.Data.dtype));
        tape?.Record(y_ND, dy_ND => x_ND.Receive(dy_ND * _scale.Value.to(dy_ND.dtype)));
        return y_ND;
    }
}
