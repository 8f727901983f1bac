using Rlt.Models.Plans;

namespace Rlt.Models.Families;

/// <summary>
/// Gemma 4: Gemma 3's layout with plain norms and unscaled scores; full layers have wider heads, and half of the last layers take the keys and values of
/// an earlier one; tokens may bring an input to every layer; experts may stand beside the feed-forward.
/// </summary>
internal static class Gemma4Family
{
    /// <summary>The plan of a config.</summary>
    public static ModelPlan Read(FamilyConfig config)
    {
        CheckedJson json = config.Json;
        config.Activation("hidden_activation", "gelu_pytorch_tanh");
        bool[] sliding = config.Others(layer => (layer + 1) % 6 != 0 && layer + 1 < config.LayerCount);
        int window = config.WindowOf(sliding, config.Window(512));
        bool keysAreValues = json.Flag("attention_k_eq_v", orElse: false);
        int shared = json.Integer("num_kv_shared_layers", 0, config.LayerCount - 1, 0) ?? 0;
        bool wide = json.Flag("use_double_wide_mlp", orElse: false);
        AttentionPlan[] attention = [.. sliding.Select((slides, layer) => Attention(config, layer, slides, window, keysAreValues && !slides))];
        int tokenInput = json.Integer("hidden_size_per_layer_input", 0, FamilyConfig.MaxWidth, 256) ?? 0;
        ExpertsPlan? experts = json.Flag("enable_moe_block", orElse: false) ? Experts(config) : null;
        return new ModelPlan(config.Layers(layer =>
        {
            bool isShared = layer >= config.LayerCount - shared;
            int source = isShared ? Array.FindLastIndex(sliding, config.LayerCount - shared - 1, slides => slides == sliding[layer]) : -1;
            if (isShared && source < 0)
            {
                json.Note("num_kv_shared_layers", "expected a layer of each kind before the shared ones");
            }

            var dense = new DensePlan(config.Inner * (isShared && wide ? 2 : 1), Activation.GeGlu);
            return new LayerPlan
            {
                Mixer = attention[layer] with { Source = source < 0 ? null : source },
                FeedForward = experts is null ? dense : experts with { Beside = dense },
                Norms = NormPlaces.Around,
                TokenInputSize = tokenInput,
                OutputScale = true,
            };
        }))
        {
            EmbeddingScale = Math.Sqrt(config.Hidden), LogitCap = json.OptionalNumber("final_logit_softcapping", 0, 1e9), TiedByDefault = true,

            // Layers that share keys and values may have some of their own all the same.
            PassesOver = name => new[] { ".self_attn.k_proj.weight", ".self_attn.v_proj.weight", ".self_attn.k_norm.weight", ".self_attn.v_norm.weight" }
                .Any(end => name.EndsWith(end, StringComparison.Ordinal)),
        };
    }

    private static AttentionPlan Attention(FamilyConfig config, int layer, bool slides, int window, bool keysAreValues)
    {
        // Version 5 lists what differs layer by layer; older files have the full layers' sizes under keys of their own.
        CheckedJson? own = config.Json.Section("per_layer_config")?.Section(layer.ToString(System.Globalization.CultureInfo.InvariantCulture));
        bool listed = config.Json.Has("per_layer_config");
        int size = config.HeadSize();
        int headSize = own?.Has("head_dim") == true ? own.Integer("head_dim", 2, FamilyConfig.MaxWidth) ?? 2
            : slides || listed ? size : config.EvenSize("global_head_dim", 512);
        int keyHeads = config.KeyValueHeads();
        int keyValueHeads = own?.Has("num_key_value_heads") == true ? own.Integer("num_key_value_heads", 1, FamilyConfig.MaxWidth) ?? 1
            : keysAreValues && !listed && config.Json.Has("num_global_key_value_heads") ? config.KeyValueHeads("num_global_key_value_heads") : keyHeads;
        string kind = FamilyConfig.KindOf(slides);
        RotaryPlan rotary = config.Json.Has("rope_parameters") ? config.Rotary(headSize, kind, slides ? 10_000 : 1_000_000, partial: 1)
            : slides ? new RotaryPlan(headSize, 10_000) : new RotaryPlan(headSize, 1_000_000) { TurnedPairs = headSize / 8 };
        return config.Attention(headSize, rotary) with
        {
            KeyValueHeads = keyValueHeads, Scale = 1, QueryKeyNorm = QueryKeyNorm.PerHead, ValueNorm = true, KeysAreValues = keysAreValues,
            Window = slides ? window : 0,
        };
    }

    private static ExpertsPlan Experts(FamilyConfig config)
    {
        int count = config.Size("num_experts");
        return new ExpertsPlan(
            count, config.Json.Integer("top_k_experts", 1, count) ?? 1, config.Size("moe_intermediate_size"), Routing.ScaledSoftmax, ExpertStorage.Fused,
            Activation.GeGlu);
    }
}
