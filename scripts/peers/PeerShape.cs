using Rlt.Models;
using Rlt.Models.Plans;

namespace Rlt.Peers;

/// <summary>The sizes of a Qwen2, whose layers are all alike.</summary>
internal sealed record PeerShape(
    int HiddenSize, int LayerCount, int HeadCount, int KeyValueHeadCount, int HeadSize, int IntermediateSize, int VocabularySize, double RopeTheta, double NormEpsilon)
{
    public static PeerShape Of(ModelConfig config)
    {
        var (attention, dense) = ((AttentionPlan)config.Layers[0].Mixer, (DensePlan)config.Layers[0].FeedForward);
        return new(
            config.HiddenSize, config.Layers.Count, attention.Heads, attention.KeyValueHeads, attention.HeadSize, dense.Inner, config.VocabularySize,
            attention.Rotary!.Theta, config.NormEpsilon);
    }
}
