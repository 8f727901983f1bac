using Rlt.Models.Gradients;
using Rlt.Models.Plans;
using static TorchSharp.torch;

namespace Rlt.Models.Layers;

// R rows of the expert, D width, I inner width, E experts
/// <summary>One expert of a mixture: a gated feed-forward.</summary>
internal abstract class Expert
{
    /// <summary>The maps that can have an adapter.</summary>
    public virtual IReadOnlyList<Linear> Linears => [];

    /// <summary>An expert as the checkpoint holds it.</summary>
    public static Expert Of(ExpertsPlan plan, int index, WeightMap weights, string layerPrefix) => plan.Storage == ExpertStorage.Separate
        ? new SeparateExpert(new FeedForward(new DensePlan(plan.Inner, plan.Activation), weights, FormattableString.Invariant($"{layerPrefix}mlp.experts.{index}.")))
        : new FusedExpert(plan, index, weights, layerPrefix + (plan.Storage == ExpertStorage.Fused ? "experts." : "mlp.experts."));

    /// <summary>[R, D] of rows [R, D].</summary>
    public abstract Variable Apply(Variable x_RD, Tape? tape);

    private sealed class SeparateExpert(FeedForward whole) : Expert
    {
        public override IReadOnlyList<Linear> Linears => whole.Linears;

        public override Variable Apply(Variable x_RD, Tape? tape) => whole.Apply(x_RD, tape);
    }

    private sealed class FusedExpert(ExpertsPlan plan, int index, WeightMap weights, string prefix) : Expert
    {
        private readonly bool _inputFirst = plan.Storage == ExpertStorage.FusedInputFirst;
        private readonly (Parameter Weight, Parameter? Bias) _gateUp = (weights[prefix + "gate_up_proj"], weights.Optional(prefix + "gate_up_proj_bias"));
        private readonly (Parameter Weight, Parameter? Bias) _down = (weights[prefix + "down_proj"], weights.Optional(prefix + "down_proj_bias"));

        public override Variable Apply(Variable x_RD, Tape? tape)
        {
            Variable both = Map(x_RD, _gateUp, tape);
            return Map(GatedActivation.Apply(plan.Activation, Half(both, 0, tape), Half(both, 1, tape), tape), _down, tape);
        }

        // Gate and up take turns where inputs come first, else follow each other.
        private Variable Half(Variable both, int which, Tape? tape) => Variable.Part(
            both, whole => _inputFirst ? whole.view(-1, plan.Inner, 2).select(-1, which) : whole.narrow(-1, (long)which * plan.Inner, plan.Inner), tape);

        private Variable Map(Variable x, (Parameter Weight, Parameter? Bias) map, Tape? tape)
        {
            Tensor weight = map.Weight.Value.select(0, index);
            Tensor? bias = map.Bias?.Value.select(0, index);
            var y = new Variable(_inputFirst ? Linear.InputGradient(x.Data, weight) : Linear.Product(x.Data, weight, bias));
            if (_inputFirst && bias is not null)
            {
                y.Data.add_(bias);
            }

            if (tape is not null)
            {
                GradientStore gradients = tape.Gradients;
                x.Keep();
                tape.Record(y, dy =>
                {
                    if (gradients.Trains(map.Weight))
                    {
                        gradients.AddProduct(map.Weight, _inputFirst ? x.Data : dy, _inputFirst ? dy : x.Data, index);
                    }

                    if (map.Bias is not null && gradients.Trains(map.Bias))
                    {
                        gradients[map.Bias].select(0, index).add_(dy.sum([0L], type: ScalarType.Float32).to(gradients[map.Bias].device));
                    }

                    Tensor again = map.Weight.Value.select(0, index);
                    x.Receive(_inputFirst ? Linear.Product(dy, again, null) : Linear.InputGradient(dy, again));
                });
            }

            return y;
        }
    }
}
