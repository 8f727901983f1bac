using Rlt.Models;
using Rlt.Models.Layers;
using static TorchSharp.torch;

namespace Rlt.Tests;

/// <summary>Real decoders small enough for a unit test.</summary>
internal static class TinyModel
{
    /// <summary>A two-layer Qwen2 with seeded weights.</summary>
    public static Decoder Create(int vocabulary = 64, int width = 16, bool tied = true, ScalarType dtype = ScalarType.Float32, long seed = 1) =>
        ModelFiles.Random(Config(vocabulary, width, tied), seed, dtype, CPU);

    /// <summary>A model whose head is the transpose of the given [tokens, vocabulary] values: unit vector i gives row i as its logits.</summary>
    public static Decoder WithHead(float[] logits, int tokens)
    {
        int vocabulary = logits.Length / tokens;
        Decoder model = ModelFiles.Random(Config(vocabulary, tokens, tied: false), 1, ScalarType.Float32, CPU);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        model.Head.Value.copy_(tensor(logits, [tokens, vocabulary]).t());
        return model;
    }

    public static ModelConfig Config(int vocabulary, int width, bool tied) => ModelConfig.Parse($$"""
        {
          "model_type": "qwen2", "hidden_size": {{width}}, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
          "head_dim": 8, "intermediate_size": 32, "vocab_size": {{vocabulary}}, "rms_norm_eps": 1e-6, "rope_theta": 10000.0,
          "max_position_embeddings": 512, "tie_word_embeddings": {{(tied ? "true" : "false")}}, "hidden_act": "silu", "torch_dtype": "float32",
          "architectures": ["Qwen2ForCausalLM"]
        }
        """);

    /// <summary>A model of a family's shape with weights far from zero, so that distributions are not flat; biases and norms are drawn too.</summary>
    public static Decoder Sharp(string family = "qwen2", ScalarType dtype = ScalarType.Float32, long seed = 3) => Sharp(ConfigOf(family), dtype, seed);

    /// <summary>The same of a config.</summary>
    public static Decoder Sharp(ModelConfig config, ScalarType dtype = ScalarType.Float32, long seed = 3)
    {
        Decoder model = ModelFiles.Random(config, seed, ScalarType.Float32, CPU);
        using var noGrad = no_grad();
        foreach (Parameter parameter in model.Stored)
        {
            using var scope = NewDisposeScope();
            bool isMatrix = parameter.Value.dim() > 1;
            parameter.Value.mul_(isMatrix ? 12 : 1).add_(randn(parameter.Value.shape), isMatrix ? 0 : 0.2);
        }

        return dtype == ScalarType.Float32 ? model : Converted(model, dtype);
    }

    /// <summary>The families by their model_type, with one for each thing that a plan can say.</summary>
    public static TheoryData<string> Families => [.. FamilyNames];

    /// <summary>Those whose gradients are smooth.</summary>
    public static TheoryData<string> FamiliesWithoutExperts => [.. FamilyNames.Where(family => !HasExperts(family))];

    private static string[] FamilyNames =>
    [
        "qwen2", "qwen3", "llama", "mistral", "ministral3", "smollm3", "olmo3", "qwen3_moe", "qwen3_5_text", "phi3", "gemma3_text", "gemma4_text",
        "gemma4_experts", "gpt_oss",
    ];

    /// <summary>Whether a family's rows take one of several ways, so that a rounding can send a row another one.</summary>
    public static bool HasExperts(string family) => family is "qwen3_moe" or "gemma4_experts" or "gpt_oss";

    /// <summary>
    /// A config of a family: grouped heads, 64 tokens, width 16; two layers of the older families, Llama untied with stretched rotary positions; four of
    /// the others, whose windows are of 9 tokens.
    /// </summary>
    public static ModelConfig ConfigOf(string family) => ModelConfig.Parse($$"""
        {
          "model_type": "{{(family == "gemma4_experts" ? "gemma4_text" : family)}}", "hidden_size": 16, "num_attention_heads": 4, "num_key_value_heads": 2,
          "num_hidden_layers": {{(family is "qwen2" or "qwen3" or "llama" ? 2 : 4)}},
          "head_dim": 8, "intermediate_size": 32, "vocab_size": 64, "rms_norm_eps": 1e-6, "max_position_embeddings": 4096,
          "tie_word_embeddings": {{(family is "llama" or "olmo3" or "gpt_oss" ? "false" : "true")}}{{FieldsOf(family)}}
        }
        """);

    private static string FieldsOf(string family) => family switch
    {
        "llama" => """
            , "rope_theta": 10000.0, "rope_scaling": {"rope_type": "llama3", "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
              "original_max_position_embeddings": 32}
            """,
        "mistral" => """, "rope_theta": 10000.0, "sliding_window": 9""",
        "ministral3" => """
            , "rope_parameters": {"rope_type": "yarn", "factor": 8.0, "original_max_position_embeddings": 8, "rope_theta": 100.0, "mscale": 1.0,
              "mscale_all_dim": 1.0, "llama_4_scaling_beta": 0.1}
            """,
        "smollm3" => """, "attention_bias": true, "mlp_bias": true, "no_rope_layers": [1, 0, 1, 0], "use_sliding_window": true, "sliding_window": 9""",
        "olmo3" => """
            , "rope_theta": 10000.0, "sliding_window": 9, "layer_types": ["sliding_attention", "full_attention", "sliding_attention", "full_attention"],
              "rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16}
            """,
        "qwen3_moe" => """
            , "rope_theta": 10000.0, "num_experts": 5, "num_experts_per_tok": 2, "moe_intermediate_size": 12, "norm_topk_prob": true, "mlp_only_layers": [1]
            """,
        "qwen3_5_text" => """
            , "rope_theta": 10000.0, "partial_rotary_factor": 0.25, "linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 6,
              "linear_value_head_dim": 10
            """,
        "phi3" => """, "rope_theta": 10000.0, "partial_rotary_factor": 0.75, "sliding_window": 9""",
        "gemma3_text" => """, "query_pre_attn_scalar": 12, "sliding_window": 9, "sliding_window_pattern": 2, "final_logit_softcapping": 6.0""",
        "gemma4_text" => """
            , "global_head_dim": 12, "sliding_window": 9, "hidden_size_per_layer_input": 6, "num_kv_shared_layers": 2, "use_double_wide_mlp": true,
              "layer_types": ["sliding_attention", "full_attention", "sliding_attention", "full_attention"], "final_logit_softcapping": 6.0
            """,
        "gemma4_experts" => """
            , "global_head_dim": 12, "num_global_key_value_heads": 1, "attention_k_eq_v": true, "sliding_window": 9, "hidden_size_per_layer_input": 0,
              "enable_moe_block": true, "num_experts": 4, "top_k_experts": 2, "moe_intermediate_size": 10,
              "layer_types": ["sliding_attention", "full_attention", "sliding_attention", "full_attention"]
            """,
        "gpt_oss" => """
            , "rope_theta": 10000.0, "sliding_window": 9, "num_local_experts": 4, "num_experts_per_tok": 2,
              "rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16, "truncate": false}
            """,
        _ => """, "rope_theta": 10000.0""",
    };

    /// <summary>The normed hidden states of one sequence: [T, D].</summary>
    /// <param name="model">The model.</param>
    /// <param name="ids">The tokens.</param>
    /// <param name="cache">Keeps the keys and values as those of <paramref name="row"/>, or null.</param>
    /// <param name="row">The row of the cache.</param>
    /// <param name="onLayer">Called with each layer's input.</param>
    public static Tensor Hidden(Decoder model, int[] ids, SequenceCache? cache = null, CachedRow? row = null, Action<Tensor>? onLayer = null)
    {
        using var scope = NewDisposeScope();
        using SequenceLayout layout = SequenceLayout.Of([ids.Length], model.Device);
        CachePlaces? slots = cache?.Extend([row!], _ => ids.Length);
        using var noGrad = no_grad();
        Tensor ids_N = tensor(Array.ConvertAll(ids, id => (long)id), device: model.Device);
        return scope.MoveToOuter(model.Normed(model.Top(ids_N, new PackedPass(layout, cache, slots), onLayer)));
    }

    /// <summary>Token ids that look random and are always the same.</summary>
    public static int[] Ids(int count, int seed = 1, int vocabulary = 64)
    {
        var ids = new int[count];
        uint state = (uint)seed * 2654435761u;
        for (int i = 0; i < count; i++)
        {
            state = (state * 1664525u) + 1013904223u;
            ids[i] = (int)((state >> 16) % (uint)vocabulary);
        }

        return ids;
    }

    private static Decoder Converted(Decoder model, ScalarType dtype)
    {
        foreach (Parameter parameter in model.Stored)
        {
            parameter.Replace(parameter.Value.to(dtype));
        }

        return new Decoder(model.Config, model.Stored);
    }
}
