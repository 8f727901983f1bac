using Rlt.Models.Gradients;
using Rlt.Models.Plans;
using Rlt.Platform;
using static TorchSharp.torch;

namespace Rlt.Models.Layers;

// N rows, D width, E experts, C experts chosen for a row
/// <summary>Chooses the experts of each row, and weights them.</summary>
internal sealed class Router
{
    private readonly ExpertsPlan _plan;
    private readonly Linear _logits;
    private readonly RmsNorm? _norm;
    private readonly Parameter? _scale, _expertScale;

    public Router(ExpertsPlan plan, WeightMap weights, string layerPrefix, double epsilon)
    {
        _plan = plan;
        _logits = weights.Linear(layerPrefix + plan.Storage switch
        {
            ExpertStorage.Separate => "mlp.gate",
            ExpertStorage.FusedInputFirst => "mlp.router",
            _ => "router.proj",
        });
        if (plan.Routing == Routing.ScaledSoftmax)
        {
            (_norm, _scale, _expertScale) = (new RmsNorm(null, epsilon), weights[layerPrefix + "router.scale"], weights[layerPrefix + "router.per_expert_scale"]);
        }
    }

    /// <summary>The chosen experts, int64, and their weights, float32.</summary>
    public (Tensor Chosen_NC, Variable Weight_NC) Choose(Variable x_ND, Tape? tape)
    {
        if (_norm is not null)
        {
            double factor = 1 / Math.Sqrt(x_ND.Data.size(-1));
            x_ND = Tape.Plain(tape, data => data[0] * data[1].to(data[0].dtype) * factor, [_norm.Apply(x_ND, tape)], _scale!);
        }

        Variable logits_NE = _logits.Apply(x_ND, tape);
        (Tensor largest, Tensor chosen_NC) = logits_NE.Data.Wide().topk(_plan.Chosen, -1);
        largest.Dispose();
        return (chosen_NC, Tape.Plain(tape, data => Weights(data, chosen_NC), [logits_NE], _expertScale is null ? [] : [_expertScale]));
    }

    private Tensor Weights(Tensor[] data, Tensor chosen_NC)
    {
        Tensor logits_NE = data[0].Wide();
        if (_plan.Routing == Routing.SoftmaxOfChosen)
        {
            return logits_NE.gather(1, chosen_NC).softmax(-1);
        }

        Tensor weight_NC = logits_NE.softmax(-1).gather(1, chosen_NC);
        Tensor shares_NC = _plan.Routing == Routing.Softmax ? weight_NC : weight_NC / weight_NC.sum(-1, keepdim: true);
        return _plan.Routing == Routing.ScaledSoftmax
            ? shares_NC * data[1].Wide().index_select(0, chosen_NC.flatten()).view(chosen_NC.shape) : shares_NC;
    }
}
