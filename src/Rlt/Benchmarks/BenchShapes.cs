using Rlt.Models;

namespace Rlt.Benchmarks;

/// <summary>Model shapes by name, for measurements on random weights.</summary>
public static class BenchShapes
{
    private static readonly Dictionary<string, string> Shapes = new(StringComparer.OrdinalIgnoreCase)
    {
        ["30m"] = Qwen2(hidden: 512, layers: 8, heads: 8, kvHeads: 2, inner: 1536, vocabulary: 4096, tied: true, theta: 10_000),
        ["30m-words"] = Qwen2(hidden: 512, layers: 8, heads: 8, kvHeads: 2, inner: 1536, vocabulary: 151_936, tied: true, theta: 10_000),
        ["30m-hybrid"] = With("qwen3_5_text", """
            "head_dim": 64, "linear_num_key_heads": 4, "linear_num_value_heads": 8, "linear_key_head_dim": 64, "linear_value_head_dim": 64, "intermediate_size": 1536
            """),
        ["30m-window"] = With("mistral", """ "head_dim": 64, "sliding_window": 512, "intermediate_size": 1536 """),
        ["30m-experts"] = With("qwen3_moe", """
            "head_dim": 64, "num_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 768, "norm_topk_prob": true, "intermediate_size": 1536
            """),
        ["qwen2.5-0.5b"] = Qwen2(hidden: 896, layers: 24, heads: 14, kvHeads: 2, inner: 4864, vocabulary: 151_936, tied: true),
        ["qwen2.5-1.5b"] = Qwen2(hidden: 1536, layers: 28, heads: 12, kvHeads: 2, inner: 8960, vocabulary: 151_936, tied: true),
        ["qwen2.5-7b"] = Qwen2(hidden: 3584, layers: 28, heads: 28, kvHeads: 4, inner: 18_944, vocabulary: 152_064, tied: false),
        ["qwen2.5-32b"] = Qwen2(hidden: 5120, layers: 64, heads: 40, kvHeads: 8, inner: 27_648, vocabulary: 152_064, tied: false),
    };

    /// <summary>The names, in order of size.</summary>
    public static IReadOnlyCollection<string> Names => Shapes.Keys;

    /// <summary>A named shape.</summary>
    /// <exception cref="ConfigException">There is none of that name.</exception>
    public static ModelConfig Get(string name) => Shapes.TryGetValue(name, out string? json)
        ? ModelConfig.Parse(json)
        : throw new ConfigException($"shape '{name}' is not known; expected one of {string.Join(", ", Names)}, or give a model directory with --model");

    // The 30m shape with layers of another family.
    private static string With(string family, string fields) => $$"""
        {"model_type": "{{family}}", "rms_norm_eps": 1e-6, "torch_dtype": "bfloat16", "hidden_size": 512, "num_hidden_layers": 8, "num_attention_heads": 8,
         "num_key_value_heads": 2, "vocab_size": 4096, "rope_theta": 10000.0, "max_position_embeddings": 32768, "tie_word_embeddings": true, {{fields}}}
        """;

    private static string Qwen2(int hidden, int layers, int heads, int kvHeads, int inner, int vocabulary, bool tied, int theta = 1_000_000) => $$"""
        {"model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"], "hidden_act": "silu", "rms_norm_eps": 1e-6, "torch_dtype": "bfloat16",
         "hidden_size": {{hidden}}, "num_hidden_layers": {{layers}}, "num_attention_heads": {{heads}}, "num_key_value_heads": {{kvHeads}},
         "intermediate_size": {{inner}}, "vocab_size": {{vocabulary}}, "rope_theta": {{theta}}.0, "max_position_embeddings": 32768,
         "tie_word_embeddings": {{(tied ? "true" : "false")}}}
        """;
}
