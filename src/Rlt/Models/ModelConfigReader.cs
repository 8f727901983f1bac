using System.Text.Json;
using System.Text.Json.Nodes;
using Rlt.Models.Families;
using Rlt.Models.Safetensors;

namespace Rlt.Models;

/// <summary>Turns config.json and generation_config.json into a <see cref="ModelConfig"/>, or into one error that names all problems.</summary>
/// <remarks>What a family's files hold is in Models/Families. Keys that do not change the forward pass are not looked at.</remarks>
internal static class ModelConfigReader
{
    private const int MaxVocabulary = 1 << 26;

    /// <summary>Reads and checks both files; the generation file may be absent.</summary>
    public static ModelConfig Read(string path, byte[] json, string generationPath, byte[]? generationJson)
    {
        var problems = new List<string>();
        JsonElement root = ParseObject(path, json);
        var whole = new CheckedJson(path, root, problems);
        CheckedJson? generation = generationJson is null ? null : new CheckedJson(generationPath, ParseObject(generationPath, generationJson), problems);
        (string type, CheckedJson text) = ReadType(path, whole);
        ModelConfig result = Build(whole, text, generation, type) with { Raw = JsonObject.Create(root)!, Source = json };
        return problems.Count == 0 ? result : throw new CheckpointException(string.Join(Environment.NewLine, problems.Distinct()));
    }

    private static ModelConfig Build(CheckedJson whole, CheckedJson text, CheckedJson? generation, string type)
    {
        var family = new FamilyConfig(text, type);
        int vocabulary = text.Integer("vocab_size", 1, MaxVocabulary, family.Defaults.Vocabulary) ?? int.MaxValue;
        foreach (CheckedJson part in new[] { whole, text }.Distinct().Where(part => part.Has("quantization_config")))
        {
            RefuseQuantization(part, type);
        }

        ModelPlan plan = KnownFamilies.Readers[type](family);
        CheckedJson ties = whole.Has("tie_word_embeddings") ? whole : text;
        CheckedJson ends = text.Has("eos_token_id") ? text : whole;
        IReadOnlyList<int>? eos = ends.TokenIds("eos_token_id", vocabulary);
        return new ModelConfig
        {
            ModelType = type,
            IsNested = whole != text,
            HiddenSize = family.Hidden,
            Layers = plan.Layers,
            VocabularySize = vocabulary,
            NormEpsilon = text.Number("rms_norm_eps", 0, 1, family.Defaults.Epsilon) ?? 1,
            NormOffset = plan.NormOffset,
            EmbeddingScale = plan.EmbeddingScale,
            LogitCap = plan.LogitCap,
            MaxPositions = family.Positions,
            TiedEmbeddings = ties.Flag("tie_word_embeddings", plan.TiedByDefault),
            PassesOver = plan.PassesOver,
            WeightType = ReadWeightType(whole.Has("dtype") || whole.Has("torch_dtype") ? whole : text),
            BosTokenId = text.TokenIds("bos_token_id", vocabulary) is [int bos, ..] ? bos : null,
            EosTokenIds = generation?.TokenIds("eos_token_id", vocabulary) ?? eos ?? [],
            Raw = [],
        };
    }

    private static JsonElement ParseObject(string path, byte[] json)
    {
        try
        {
            JsonElement root = StrictJson.Parse(json);
            return root.ValueKind == JsonValueKind.Object
                ? root
                : throw new CheckpointException($"{path}: the file holds no JSON object; expected the one that transformers writes.");
        }
        catch (JsonException error)
        {
            throw new CheckpointException($"{path}: the file is not usable JSON: {error.Message}", error);
        }
    }

    // A nested file's text part, and the type of that.
    private static (string Type, CheckedJson Text) ReadType(string path, CheckedJson whole)
    {
        string? named = whole.Text("model_type");
        if (named is not null && KnownFamilies.Nested.TryGetValue(named, out string? textType) && whole.Section("text_config") is { } text)
        {
            return (text.Text("model_type") is { } own && KnownFamilies.Readers.ContainsKey(own) ? own : textType, text);
        }

        return named is not null && KnownFamilies.Readers.ContainsKey(named) ? (named, whole) : throw new CheckpointException(
            $"{path}: model_type {(named is null ? "is missing" : $"is \"{named}\"")}; supported are {string.Join(", ", KnownFamilies.Names.Select(name => $"\"{name}\""))}. "
            + "Choose a model of these families.");
    }

    // gpt-oss's experts are published in four-bit blocks, which are read (StoredExperts).
    private static void RefuseQuantization(CheckedJson part, string type)
    {
        if (type != "gpt_oss" || part.Section("quantization_config")?.Text("quant_method") != "mxfp4")
        {
            part.Note("quantization_config", "quantized weights are not supported; use the model's unquantized release");
        }
    }

    private static StoredType? ReadWeightType(CheckedJson config)
    {
        string key = config.Has("dtype") ? "dtype" : "torch_dtype";
        switch (config.Text(key))
        {
            case null:
                return null;
            case "float64":
                return StoredType.F64;
            case "float32":
                return StoredType.F32;
            case "float16":
                return StoredType.F16;
            case "bfloat16":
                return StoredType.BF16;
            default:
                config.Note(key, "expected \"float64\", \"float32\", \"float16\" or \"bfloat16\"");
                return null;
        }
    }
}
