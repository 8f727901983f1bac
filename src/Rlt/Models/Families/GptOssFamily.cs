using Rlt.Models.Plans;

namespace Rlt.Models.Families;

/// <summary>gpt-oss: a learned sink in every head's softmax, biases, experts with a clamped gate in every layer, every other layer sliding.</summary>
internal static class GptOssFamily
{
    /// <summary>The plan of a config.</summary>
    public static ModelPlan Read(FamilyConfig config)
    {
        CheckedJson json = config.Json;
        config.Activation("hidden_act", "silu");
        int headSize = config.HeadSize(64);
        bool bias = json.Flag("attention_bias", orElse: true);
        AttentionPlan attention = config.Attention(headSize, config.Rotary(headSize, theta: 150_000)) with
        {
            Sinks = true, QueryKeyValueBias = bias, OutputBias = bias,
        };
        bool[] sliding = config.Others(layer => layer % 2 == 0);
        int window = config.WindowOf(sliding, config.Window(128));
        int experts = config.ExpertCount(128);
        var sparse = new ExpertsPlan(
            experts, json.Integer(json.Has("num_experts_per_tok") ? "num_experts_per_tok" : "experts_per_token", 1, experts, 4) ?? 1, config.Inner,
            Routing.SoftmaxOfChosen, ExpertStorage.FusedInputFirst, Activation.ClampedSwiGlu);
        if (json.OptionalNumber("swiglu_limit", 0, 1e9) is not (null or 7))
        {
            json.Note("swiglu_limit", "only 7 is supported");
        }

        return new ModelPlan(config.Layers(layer => new LayerPlan
        {
            Mixer = sliding[layer] ? attention with { Window = window } : attention, FeedForward = sparse,
        }));
    }
}
