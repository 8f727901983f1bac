using Rlt.Models.Plans;

namespace Rlt.Models.Families;

/// <summary>Qwen3.5: three layers of the gated delta rule to one of gated attention, a quarter of whose heads is turned; norms hold differences from 1.</summary>
internal static class Qwen35Family
{
    private const string Linear = "linear_attention";

    /// <summary>The plan of a config.</summary>
    public static ModelPlan Read(FamilyConfig config)
    {
        config.Activation("hidden_act", "silu");
        int headSize = config.HeadSize(256);
        AttentionPlan attention = config.Attention(headSize, config.Rotary(headSize, partial: 0.25)) with { QueryKeyNorm = QueryKeyNorm.PerHead, Gated = true };
        var delta = new DeltaNetPlan(
            config.Size("linear_num_key_heads", 16), config.Size("linear_num_value_heads", 32), config.Size("linear_key_head_dim", 128),
            config.Size("linear_value_head_dim", 128), config.Size("linear_conv_kernel_dim", 4));
        if (delta.ValueHeads % delta.KeyHeads != 0)
        {
            config.Json.Note("linear_num_value_heads", $"expected a multiple of linear_num_key_heads, {delta.KeyHeads}");
        }

        int interval = config.Size("full_attention_interval", 4);
        bool[] recurrent = config.Others(layer => (layer + 1) % interval != 0, Linear);
        return new ModelPlan(config.Layers(layer => new LayerPlan
        {
            Mixer = recurrent[layer] ? delta : attention, FeedForward = new DensePlan(config.Inner),
        }))
        {
            NormOffset = 1,

            // The head that predicts several tokens at once.
            PassesOver = name => name.StartsWith("mtp.", StringComparison.Ordinal),
        };
    }
}
