using Rlt.Models.Plans;

namespace Rlt.Models.Families;

/// <summary>OLMo 3: norms after attention and feed-forward, and over whole projections; three sliding layers to one full; YaRN on the full ones alone.</summary>
internal static class Olmo3Family
{
    private const double Theta = 500_000;

    /// <summary>The plan of a config.</summary>
    public static ModelPlan Read(FamilyConfig config)
    {
        config.Activation("hidden_act", "silu");
        int headSize = config.HeadSize();
        RotaryPlan full = config.Rotary(headSize, FamilyConfig.KindOf(sliding: false), Theta);
        RotaryPlan near = config.Json.Has("rope_parameters") && !config.Json.IsFilled("rope_scaling")
            ? config.Rotary(headSize, FamilyConfig.KindOf(sliding: true), Theta) : full with { Scaling = null };
        AttentionPlan attention = config.Attention(headSize, full) with { QueryKeyNorm = QueryKeyNorm.WholeProjection };
        bool[] sliding = config.Others(layer => (layer + 1) % 4 != 0);
        int window = config.WindowOf(sliding, config.Window(4096));
        return new ModelPlan(config.Layers(layer => new LayerPlan
        {
            Mixer = sliding[layer] ? attention with { Window = window, Rotary = near } : attention,
            FeedForward = new DensePlan(config.Inner),
            Norms = NormPlaces.After,
        }));
    }
}
