using Rlt.Models.Plans;

namespace Rlt.Models.Families;

/// <summary>Qwen2 and 2.5, with biases on queries, keys and values; Qwen3, with norms on queries and keys.</summary>
internal static class QwenFamily
{
    private const int Qwen3HeadSize = 128;

    /// <summary>The plan of a config.</summary>
    public static ModelPlan Read(FamilyConfig config, bool isThird)
    {
        config.Activation("hidden_act", "silu");
        int headSize = config.HeadSize(isThird ? Qwen3HeadSize : null);
        AttentionPlan attention = config.Attention(headSize, config.Rotary(headSize));
        attention = isThird ? attention with { QueryKeyNorm = QueryKeyNorm.PerHead } : attention with { QueryKeyValueBias = true, OutputBias = false };

        // Windows are for the layers above a number of full ones.
        bool slides = config.Json.Flag("use_sliding_window", orElse: false);
        int window = slides ? config.Window(4096) : 0;
        int full = slides ? config.Json.Integer("max_window_layers", 0, FamilyConfig.MaxWidth, 28) ?? 0 : 0;
        bool[] sliding = config.Others(layer => slides && layer >= full);
        config.WindowOf(sliding, window);
        return new ModelPlan(config.Layers(layer => new LayerPlan
        {
            Mixer = sliding[layer] ? attention with { Window = window } : attention,
            FeedForward = new DensePlan(config.Inner),
        }));
    }
}
