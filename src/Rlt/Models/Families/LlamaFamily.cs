using Rlt.Models.Plans;

namespace Rlt.Models.Families;

/// <summary>Llama 2 and 3, and models of their shape: the plain case.</summary>
internal static class LlamaFamily
{
    /// <summary>The plan of a config.</summary>
    public static ModelPlan Read(FamilyConfig config)
    {
        config.Activation("hidden_act", "silu");
        if (config.Json.Texts("layer_types").Any(type => type != "full_attention"))
        {
            config.Json.Note("layer_types", "only \"full_attention\" is supported");
        }

        int headSize = config.HeadSize();
        AttentionPlan attention = config.Attention(headSize, config.Rotary(headSize));
        var feedForward = new DensePlan(config.Inner, Bias: config.Json.Flag("mlp_bias", orElse: false));
        return new ModelPlan(config.Layers(_ => new LayerPlan { Mixer = attention, FeedForward = feedForward }));
    }
}
