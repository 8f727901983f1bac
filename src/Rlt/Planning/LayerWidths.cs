using Rlt.Models.Plans;

namespace Rlt.Planning;

/// <summary>The widths of what a layer computes for a row.</summary>
/// <param name="Hidden">D: the residual stream.</param>
/// <param name="Queries">Q: all query heads, and gates; of a recurrent layer all that its convolution makes, and its gates.</param>
/// <param name="Keys">K: all key heads; 0 where they are another layer's, or of a recurrent layer.</param>
/// <param name="Inner">I: within the feed-forward; of experts all that a row goes through.</param>
/// <param name="Heads">Query heads, or value heads of a recurrent layer.</param>
/// <param name="KeyHeads">Key heads.</param>
/// <param name="Head">E: one head.</param>
/// <param name="Normed">Are queries and keys normalised.</param>
/// <param name="Further">What further norms, activations without a kernel and maps that are cut apart make on the way.</param>
public sealed record LayerWidths(long Hidden, long Queries, long Keys, long Inner, long Heads, long KeyHeads, long Head, bool Normed, long Further)
{
    /// <summary>Those of a layer.</summary>
    public static LayerWidths Of(ModelSize model, int layer)
    {
        LayerPlan plan = model.Config.Layers[layer];
        long hidden = model.Config.HiddenSize, inner = InnerOf(plan.FeedForward);
        long further = FurtherOf(plan.FeedForward, hidden) + (hidden * new[] { plan.Norms.AfterMixer, plan.Norms.AfterFeedForward }.Count(name => name is not null));
        return plan.Mixer switch
        {
            AttentionPlan attention => new(
                hidden, attention.QueryWidth * (attention.Gated ? 2 : 1), attention.Source is null ? attention.KeyWidth : 0, inner, attention.Heads,
                attention.KeyValueHeads, attention.HeadSize, attention.QueryKeyNorm != QueryKeyNorm.None,
                further + (attention.Fused ? attention.QueryWidth + (2 * attention.KeyWidth) : 0)),
            DeltaNetPlan delta => new(
                hidden, (2 * delta.Channels) + (2 * delta.ValueWidth), 0, inner, delta.ValueHeads, delta.KeyHeads, delta.ValueSize, Normed: true, further + delta.Channels),
            _ => throw new ArgumentOutOfRangeException(nameof(layer), plan.Mixer, "not a known mixer"),
        };
    }

    private static long InnerOf(FeedForwardPlan plan) => plan switch
    {
        DensePlan dense => dense.Inner,
        ExpertsPlan experts => ((long)experts.Chosen * experts.Inner) + (experts.Beside?.Inner ?? 0),
        _ => 0,
    };

    // A row stands once for each of its experts, before and after it and weighted.
    private static long FurtherOf(FeedForwardPlan plan, long hidden) => plan switch
    {
        DensePlan dense => (Of(dense.Activation) + (dense.Fused ? 2 : 0)) * dense.Inner,
        ExpertsPlan experts => (experts.Chosen * ((3 * hidden) + ((Of(experts.Activation) + (experts.Storage == ExpertStorage.Separate ? 0 : 2)) * experts.Inner)))
            + (experts.Beside is { } beside ? FurtherOf(beside, hidden) : 0),
        _ => 0,
    };

    // Tensors of the inner width that libtorch's operators make of gate and up, beside the result.
    private static long Of(Activation activation) => activation switch
    {
        Activation.GeGlu => 1,
        Activation.ClampedSwiGlu => 6,
        _ => 0,
    };
}
