namespace Rlt.Models.Families;

/// <summary>The families by config.json's "model_type".</summary>
internal static class KnownFamilies
{
    /// <summary>Nested checkpoints with parts for pictures and sound, of which the text part is run: their types, by the text part's.</summary>
    public static IReadOnlyDictionary<string, string> Nested { get; } = new Dictionary<string, string>
    {
        ["qwen3_5"] = "qwen3_5_text", ["gemma3"] = "gemma3_text", ["gemma4"] = "gemma4_text", ["mistral3"] = "ministral3",
    };

    /// <summary>What reads the config of each.</summary>
    public static IReadOnlyDictionary<string, Func<FamilyConfig, ModelPlan>> Readers { get; } = new Dictionary<string, Func<FamilyConfig, ModelPlan>>
    {
        ["llama"] = LlamaFamily.Read,
        ["qwen2"] = config => QwenFamily.Read(config, isThird: false),
        ["qwen3"] = config => QwenFamily.Read(config, isThird: true),
        ["qwen3_moe"] = Qwen3MoeFamily.Read,
        ["qwen3_5_text"] = Qwen35Family.Read,
        ["mistral"] = MistralFamily.Read,
        ["ministral3"] = MistralFamily.ReadMinistral,
        ["smollm3"] = SmolLm3Family.Read,
        ["olmo3"] = Olmo3Family.Read,
        ["phi3"] = Phi3Family.Read,
        ["gemma3_text"] = Gemma3Family.Read,
        ["gemma4_text"] = Gemma4Family.Read,
        ["gpt_oss"] = GptOssFamily.Read,
    };

    /// <summary>Every value of "model_type" that can be run.</summary>
    public static IEnumerable<string> Names => Readers.Keys.Concat(Nested.Keys).Order(StringComparer.Ordinal);
}
