using Rlt.Models;
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
}
