namespace Rlt.Models;

/// <summary>The decoder architectures that can be run, by config.json's "model_type".</summary>
public enum ModelFamily
{
    /// <summary>"llama": Llama 2 and 3, and models of their shape.</summary>
    Llama,

    /// <summary>"qwen2": Qwen2 and Qwen2.5, with biases on queries, keys and values.</summary>
    Qwen2,

    /// <summary>"qwen3": Qwen3 dense, with norms on queries and keys.</summary>
    Qwen3,
}
