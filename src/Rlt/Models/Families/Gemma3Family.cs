using Rlt.Models.Plans;

namespace Rlt.Models.Families;

/// <summary>
/// Gemma 3: scaled embeddings, norms before and after that hold differences from 1, gelu, and sliding layers whose positions have a base of their own.
/// </summary>
internal static class Gemma3Family
{
    /// <summary>The plan of a config.</summary>
    public static ModelPlan Read(FamilyConfig config)
    {
        CheckedJson json = config.Json;
        config.Activation("hidden_activation", "gelu_pytorch_tanh");
        int headSize = config.HeadSize();
        RotaryPlan full = config.Rotary(headSize, FamilyConfig.KindOf(sliding: false), 1_000_000);
        RotaryPlan near = json.Section("rope_parameters")?.Has(FamilyConfig.KindOf(sliding: true)) == true
            ? config.Rotary(headSize, FamilyConfig.KindOf(sliding: true))
            : new RotaryPlan(headSize, json.Number("rope_local_base_freq", 0, 1e15, 10_000) ?? 1);
        AttentionPlan attention = config.Attention(headSize, full) with
        {
            QueryKeyNorm = QueryKeyNorm.PerHead, Scale = 1 / Math.Sqrt(json.Number("query_pre_attn_scalar", 0, 1e9, 256) ?? 1),
        };

        // "_sliding_window_pattern" is the class's default and says nothing of the model.
        int pattern = config.Size("sliding_window_pattern", 6);
        bool[] sliding = config.Others(layer => (layer + 1) % pattern != 0);
        int window = config.WindowOf(sliding, config.Window(4096));
        if (json.Flag("use_bidirectional_attention", orElse: false))
        {
            json.Note("use_bidirectional_attention", "expected false: a model that sees the tokens after a token cannot write");
        }

        return new ModelPlan(config.Layers(layer => new LayerPlan
        {
            Mixer = sliding[layer] ? attention with { Window = window, Rotary = near } : attention,
            FeedForward = new DensePlan(config.Inner, Activation.GeGlu),
            Norms = NormPlaces.Around,
        }))
        {
            NormOffset = 1, EmbeddingScale = Math.Sqrt(config.Hidden), LogitCap = json.OptionalNumber("final_logit_softcapping", 0, 1e9), TiedByDefault = true,
        };
    }
}
