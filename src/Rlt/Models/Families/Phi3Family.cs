using Rlt.Models.Plans;

namespace Rlt.Models.Families;

/// <summary>Phi-3 and Phi-4: Llama with fused projections; longrope where contexts are long.</summary>
internal static class Phi3Family
{
    /// <summary>The plan of a config.</summary>
    public static ModelPlan Read(FamilyConfig config)
    {
        config.Activation("hidden_act", "silu");
        int headSize = config.HeadSize();
        AttentionPlan attention = config.Attention(headSize, config.Rotary(headSize, partial: 1)) with
        {
            Fused = true, Window = config.Window(), QueryKeyValueBias = false, OutputBias = false,
        };
        return new ModelPlan(config.Layers(_ => new LayerPlan { Mixer = attention, FeedForward = new DensePlan(config.Inner, Fused: true) }));
    }
}
