using Rlt.Models.Gradients;
using Rlt.Models.Plans;
using static TorchSharp.torch;

namespace Rlt.Models.Layers;

// N rows, D width, E experts, C experts chosen for a row, R rows of one expert
/// <summary>A mixture of experts: every row goes through those that a router chooses, each expert's rows in one product.</summary>
internal sealed class Experts : IFeedForward
{
    private readonly ExpertsPlan _plan;
    private readonly Router _router;
    private readonly Expert[] _experts;

    public Experts(ExpertsPlan plan, WeightMap weights, string layerPrefix, double epsilon)
    {
        _plan = plan;
        _router = new Router(plan, weights, layerPrefix, epsilon);
        _experts = [.. Enumerable.Range(0, plan.Count).Select(expert => Expert.Of(plan, expert, weights, layerPrefix))];
        Linears = [.. _experts.SelectMany(expert => expert.Linears)];
        Load = new long[plan.Count];
    }

    /// <inheritdoc/>
    public IReadOnlyList<Linear> Linears { get; }

    /// <summary>Rows that each expert was given by training passes since this was last cleared.</summary>
    public long[] Load { get; }

    /// <inheritdoc/>
    public Variable Apply(Variable x_ND, Variable residual_ND, Tape? tape)
    {
        (Tensor chosen_NC, Variable weight_NC) = _router.Choose(_plan.Routing == Routing.ScaledSoftmax ? residual_ND : x_ND, tape);
        List<Part> parts = [];
        foreach ((int expert, long[] rows, long[] places) in ByExpert(chosen_NC))
        {
            Tensor rows_R = tensor(rows, device: x_ND.Data.device);
            Variable made_RD = _experts[expert].Apply(Variable.Rows(x_ND, rows_R, tape), tape);
            parts.Add(new Part(rows_R, tensor(places, device: x_ND.Data.device), made_RD));
            Load[expert] += tape is null ? 0 : rows.Length;
        }

        return Sum(parts, weight_NC, x_ND.Data, tape);
    }

    // Rows by expert, in order, and where in chosen [N · C] each stands.
    private IEnumerable<(int Expert, long[] Rows, long[] Places)> ByExpert(Tensor chosen_NC)
    {
        using Tensor near = chosen_NC.cpu();
        long[] chosen = near.data<long>().ToArray();
        return Enumerable.Range(0, chosen.Length).GroupBy(place => (int)chosen[place]).OrderBy(group => group.Key)
            .Select(group => (group.Key, group.Select(place => (long)place / _plan.Chosen).ToArray(), group.Select(place => (long)place).ToArray()));
    }

    private static Variable Sum(List<Part> parts, Variable weight_NC, Tensor x_ND, Tape? tape)
    {
        ScalarType dtype = x_ND.dtype;
        Tensor weights = weight_NC.Data.flatten();
        Tensor sum_ND = zeros_like(x_ND);
        foreach (Part part in parts)
        {
            sum_ND.index_add_(0, part.Rows_R, part.Made_RD.Data * Weights(part), 1);
        }

        var y_ND = new Variable(sum_ND);
        if (tape is not null)
        {
            weight_NC.Keep();
            parts.ForEach(part => part.Made_RD.Keep());
            tape.Record(
                y_ND,
                dSum_ND =>
                {
                    Tensor dWeights = zeros(weights.shape, weights.dtype, weights.device);
                    foreach (Part part in parts)
                    {
                        Tensor dSum_RD = dSum_ND.index_select(0, part.Rows_R);
                        part.Made_RD.Receive(dSum_RD * Weights(part));
                        dWeights.index_copy_(0, part.Places_R, (dSum_RD * part.Made_RD.Data).sum([-1L], type: weights.dtype));
                    }

                    weight_NC.Receive(dWeights.view(weight_NC.Data.shape));
                },
                [weights, .. parts.SelectMany(part => new[] { part.Rows_R, part.Places_R })]);
        }

        return y_ND;

        Tensor Weights(Part part) => weights.index_select(0, part.Places_R).unsqueeze(1).to(dtype);
    }

    private sealed record Part(Tensor Rows_R, Tensor Places_R, Variable Made_RD);
}

/// <summary>A dense feed-forward and experts beside it, each behind a norm of its own and before another (Gemma 4).</summary>
internal sealed class DenseAndExperts : IFeedForward
{
    /// <summary>Of the dense outputs, of the experts' inputs and of their outputs.</summary>
    public static readonly string[] Norms = ["post_feedforward_layernorm_1", "pre_feedforward_layernorm_2", "post_feedforward_layernorm_2"];

    private readonly FeedForward _dense;
    private readonly RmsNorm[] _norms;

    public DenseAndExperts(ExpertsPlan plan, WeightMap weights, string layerPrefix, double epsilon)
    {
        _dense = new FeedForward(plan.Beside!, weights, layerPrefix + "mlp.");
        Experts = new Experts(plan, weights, layerPrefix, epsilon);
        _norms = [.. Norms.Select(name => weights.Norm(layerPrefix + name))];
    }

    /// <summary>The experts.</summary>
    public Experts Experts { get; }

    /// <inheritdoc/>
    public IReadOnlyList<Linear> Linears => [.. _dense.Linears, .. Experts.Linears];

    /// <inheritdoc/>
    public Variable Apply(Variable x_ND, Variable residual_ND, Tape? tape)
    {
        Variable dense_ND = _norms[0].Apply(_dense.Apply(x_ND, tape), tape);
        Variable sparse_ND = Experts.Apply(_norms[1].Apply(residual_ND, tape), residual_ND, tape);
        return Variable.Sum(dense_ND, _norms[2].Apply(sparse_ND, tape), tape);
    }
}
