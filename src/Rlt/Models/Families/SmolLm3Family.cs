using Rlt.Models.Plans;

namespace Rlt.Models.Families;

/// <summary>SmolLM3: Llama with layers that have no rotary positions, every fourth where the file does not list them.</summary>
internal static class SmolLm3Family
{
    /// <summary>The plan of a config.</summary>
    public static ModelPlan Read(FamilyConfig config)
    {
        config.Activation("hidden_act", "silu");
        CheckedJson json = config.Json;
        int headSize = config.HeadSize();
        AttentionPlan attention = config.Attention(headSize, config.Rotary(headSize, theta: 2_000_000));
        int interval = config.Size("no_rope_layer_interval", 4);

        // 1 means that the layer is turned, whatever the field's name says.
        double[] turned = json.Numbers("no_rope_layers") ?? [.. Enumerable.Range(1, config.LayerCount).Select(layer => layer % interval == 0 ? 0.0 : 1.0)];
        if (turned.Length != config.LayerCount)
        {
            json.Note("no_rope_layers", $"expected num_hidden_layers, {config.LayerCount}, entries of 0 or 1");
            turned = new double[config.LayerCount];
        }

        int window = json.Flag("use_sliding_window", orElse: false) ? config.Window() : 0;
        bool[] sliding = config.Others(layer => window > 0 && turned[layer] == 0);
        config.WindowOf(sliding, window);
        var feedForward = new DensePlan(config.Inner, Bias: json.Flag("mlp_bias", orElse: false));
        return new ModelPlan(config.Layers(layer => new LayerPlan
        {
            Mixer = attention with { Rotary = turned[layer] == 0 ? null : attention.Rotary, Window = sliding[layer] ? window : 0 },
            FeedForward = feedForward,
        }))
        {
            TiedByDefault = true,
        };
    }
}
