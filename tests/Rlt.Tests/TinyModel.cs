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
    public static Decoder Sharp(string family = "qwen2", ScalarType dtype = ScalarType.Float32, long seed = 3)
    {
        Decoder model = ModelFiles.Random(ConfigOf(family), seed, ScalarType.Float32, CPU);
        using var noGrad = no_grad();
        foreach (Parameter parameter in model.Parameters)
        {
            using var scope = NewDisposeScope();
            bool isMatrix = parameter.Value.dim() > 1;
            parameter.Value.mul_(isMatrix ? 12 : 1).add_(randn(parameter.Value.shape), isMatrix ? 0 : 0.2);
        }

        return dtype == ScalarType.Float32 ? model : Converted(model, dtype);
    }

    /// <summary>A two-layer config of a family: grouped heads, 64 tokens, width 16; Llama untied with stretched rotary positions.</summary>
    public static ModelConfig ConfigOf(string family) => ModelConfig.Parse($$"""
        {
          "model_type": "{{family}}", "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
          "head_dim": 8, "intermediate_size": 32, "vocab_size": 64, "rms_norm_eps": 1e-6, "rope_theta": 10000.0,
          "max_position_embeddings": 4096, "tie_word_embeddings": {{(family == "llama" ? "false" : "true")}}, "hidden_act": "silu"
          {{(family == "llama" ? """, "rope_scaling": {"rope_type": "llama3", "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 32}""" : "")}}
        }
        """);

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
        foreach (Parameter parameter in model.Parameters)
        {
            parameter.Replace(parameter.Value.to(dtype));
        }

        return new Decoder(model.Config, model.Parameters);
    }
}
