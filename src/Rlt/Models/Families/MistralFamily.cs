using Rlt.Models.Plans;

namespace Rlt.Models.Families;

/// <summary>Mistral: Llama whose every layer may slide. Ministral 3: YaRN, and queries that grow with their position.</summary>
internal static class MistralFamily
{
    /// <summary>The plan of a Mistral config. Its window is 4096 where the file does not name one; null is none.</summary>
    public static ModelPlan Read(FamilyConfig config) => Read(config, config.Rotary(config.HeadSize()), scale: null, window: 4096);

    /// <summary>The plan of a Ministral 3 config.</summary>
    public static ModelPlan ReadMinistral(FamilyConfig config)
    {
        RotaryPlan rotary = config.Rotary(config.HeadSize(128), theta: 1_000_000);
        double? beta = config.Json.Section("rope_parameters")?.OptionalNumber("llama_4_scaling_beta", 0, 1e6)
            ?? config.Json.Section("rope_scaling")?.OptionalNumber("llama_4_scaling_beta", 0, 1e6);
        var scale = beta is { } growth && rotary.Scaling is RopeScaling.Yarn yarn ? new PositionScale(growth, yarn.OriginalPositions) : null;
        return Read(config, rotary, scale, window: 0) with { TiedByDefault = true };
    }

    private static ModelPlan Read(FamilyConfig config, RotaryPlan rotary, PositionScale? scale, int window)
    {
        config.Activation("hidden_act", "silu");
        AttentionPlan attention = config.Attention(rotary.Dimensions, rotary) with
        {
            QueryKeyValueBias = false, OutputBias = false, Window = config.Window(window),
            QueryRotary = scale is null ? null : rotary with { PositionScale = scale },
        };
        return new ModelPlan(config.Layers(_ => new LayerPlan { Mixer = attention, FeedForward = new DensePlan(config.Inner) }));
    }
}
