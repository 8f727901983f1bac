using System.Text.Json;
using System.Text.Json.Nodes;
using Rlt.Models.Safetensors;

namespace Rlt.Models;

/// <summary>Turns config.json and generation_config.json into a <see cref="ModelConfig"/>, or into one error that names all problems.</summary>
/// <remarks>
/// Field names and defaults are those of transformers' Qwen2Config, Qwen3Config and LlamaConfig, of version 4 and 5. Keys that do not change
/// the forward pass are not looked at.
/// </remarks>
internal static class ModelConfigReader
{
    // Bounds far above any model, so that sizes computed from them stay within 64 bits.
    private const int MaxWidth = 1 << 20;
    private const int MaxLayers = 1 << 12;
    private const int MaxVocabulary = 1 << 26;

    private const double DefaultRopeTheta = 10_000;
    private const int Qwen3HeadSize = 128;

    /// <summary>Reads and checks both files; the generation file may be absent.</summary>
    public static ModelConfig Read(string path, byte[] json, string generationPath, byte[]? generationJson)
    {
        var problems = new List<string>();
        JsonElement root = ParseObject(path, json);
        var config = new CheckedJson(path, root, problems);
        CheckedJson? generation = generationJson is null ? null : new CheckedJson(generationPath, ParseObject(generationPath, generationJson), problems);
        ModelFamily family = ReadFamily(path, config);
        RefuseUnsupported(config, family);

        ModelConfig result = Build(config, generation, family) with { Raw = JsonObject.Create(root)!, Source = json };
        return problems.Count == 0 ? result : throw new CheckpointException(string.Join(Environment.NewLine, problems));
    }

    // Where a field is unusable the problem is noted and a stand-in goes on; the result is then not used.
    private static ModelConfig Build(CheckedJson config, CheckedJson? generation, ModelFamily family)
    {
        int? hidden = config.Integer("hidden_size", 1, MaxWidth);
        int? heads = config.Integer("num_attention_heads", 1, MaxWidth);
        int vocabulary = config.Integer("vocab_size", 1, MaxVocabulary) ?? int.MaxValue;
        int positions = config.Integer("max_position_embeddings", 1, int.MaxValue) ?? 1;
        bool attentionBias = config.Flag("attention_bias", orElse: false);
        bool mlpBias = config.Flag("mlp_bias", orElse: false);
        (double theta, RopeScaling? scaling) = ReadRope(config, positions);
        IReadOnlyList<int>? eos = config.TokenIds("eos_token_id", vocabulary);
        return new ModelConfig
        {
            Family = family,
            HiddenSize = hidden ?? 1,
            LayerCount = config.Integer("num_hidden_layers", 1, MaxLayers) ?? 1,
            HeadCount = heads ?? 1,
            KeyValueHeadCount = ReadKeyValueHeads(config, heads),
            HeadSize = ReadHeadSize(config, family, hidden, heads) ?? 1,
            IntermediateSize = config.Integer("intermediate_size", 1, MaxWidth) ?? 1,
            VocabularySize = vocabulary,
            NormEpsilon = config.Number("rms_norm_eps", 0, 1) ?? 1,
            RopeTheta = theta,
            RopeScaling = scaling,
            MaxPositions = positions,
            TiedEmbeddings = config.Flag("tie_word_embeddings", orElse: false),
            QueryKeyValueBias = family == ModelFamily.Qwen2 || attentionBias,
            OutputBias = family != ModelFamily.Qwen2 && attentionBias,
            MlpBias = family == ModelFamily.Llama && mlpBias,
            WeightType = ReadWeightType(config),
            BosTokenId = config.TokenIds("bos_token_id", vocabulary) is [int bos, ..] ? bos : null,
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

    private static ModelFamily ReadFamily(string path, CheckedJson config) => config.Text("model_type") switch
    {
        "llama" => ModelFamily.Llama,
        "qwen2" => ModelFamily.Qwen2,
        "qwen3" => ModelFamily.Qwen3,
        var other => throw new CheckpointException(
            $"{path}: model_type {(other is null ? "is missing" : $"is \"{other}\"")}; supported are \"llama\", \"qwen2\" and \"qwen3\". Choose a model of these families."),
    };

    private static void RefuseUnsupported(CheckedJson config, ModelFamily family)
    {
        if (config.Text("hidden_act") is not (null or "silu"))
        {
            config.Note("hidden_act", "only \"silu\" is supported");
        }

        if (family != ModelFamily.Llama && config.Flag("use_sliding_window", orElse: false))
        {
            config.Note("use_sliding_window", "sliding-window attention is not supported; set it to false where full attention is meant");
        }

        if (config.Texts("layer_types").Any(type => type != "full_attention"))
        {
            config.Note("layer_types", "only \"full_attention\" is supported");
        }

        if (config.Has("quantization_config"))
        {
            config.Note("quantization_config", "quantized weights are not supported; use the model's unquantized release");
        }
    }

    private static int ReadKeyValueHeads(CheckedJson config, int? heads)
    {
        int? keyValueHeads = config.Integer("num_key_value_heads", 1, MaxWidth, orElse: heads ?? 1);
        if (heads % keyValueHeads is > 0)
        {
            config.Note("num_key_value_heads", $"expected a divisor of num_attention_heads, {heads}");
        }

        return keyValueHeads ?? 1;
    }

    private static int? ReadHeadSize(CheckedJson config, ModelFamily family, int? hidden, int? heads)
    {
        if (config.Has("head_dim"))
        {
            int? size = config.Integer("head_dim", 2, MaxWidth);
            if (size % 2 is > 0)
            {
                config.Note("head_dim", "expected an even number: rotary positions turn pairs");
            }

            return size;
        }

        if (family == ModelFamily.Qwen3)
        {
            return Qwen3HeadSize;
        }

        if (hidden is null || heads is null)
        {
            return null;
        }

        if (hidden % heads != 0 || hidden / heads % 2 != 0)
        {
            config.Note("hidden_size", $"expected an even multiple of num_attention_heads, {heads}, where head_dim is missing");
        }

        return hidden / heads;
    }

    // Version 4 of transformers has rope_theta beside rope_scaling; version 5 has both within rope_parameters, and where a file has
    // rope_scaling too, that one replaces all of rope_parameters, its rope_theta among it.
    private static (double Theta, RopeScaling? Scaling) ReadRope(CheckedJson config, int positions)
    {
        CheckedJson? parameters = config.Section("rope_parameters");
        CheckedJson? scaling = config.Section("rope_scaling");
        CheckedJson? used = config.IsFilled("rope_scaling") ? scaling : parameters;
        foreach (CheckedJson place in new[] { config, parameters, scaling }.OfType<CheckedJson>())
        {
            if (place.Has("partial_rotary_factor") && place.Number("partial_rotary_factor", 0, 1) is not (null or 1))
            {
                place.Note("partial_rotary_factor", "only 1 is supported");
            }
        }

        CheckedJson holder = used?.Has("rope_theta") == true ? used : config;
        double theta = holder.Number("rope_theta", 0, 1e15, orElse: DefaultRopeTheta) ?? DefaultRopeTheta;
        if (used != parameters && parameters?.Has("rope_theta") == true && parameters.Number("rope_theta", 0, 1e15) is { } replaced && replaced != theta)
        {
            parameters.Note("rope_theta", FormattableString.Invariant(
                $"rope_scaling replaces rope_parameters, which makes it {theta}. Name rope_theta within rope_scaling, or keep one of the two sections"));
        }

        return (theta, used is null ? null : ReadScaling(used, positions));
    }

    private static RopeScaling? ReadScaling(CheckedJson scaling, int positions)
    {
        string key = scaling.Has("rope_type") || !scaling.Has("type") ? "rope_type" : "type";
        switch (scaling.Text(key))
        {
            case null when scaling.Has("factor"):
                scaling.Note(key, "expected the kind of scaling that its factor belongs to");
                return null;
            case null or "default":
                return null;
            case "linear":
                return new RopeScaling.Linear(ReadFactor(scaling));
            case "llama3":
                return ReadLlama3(scaling);
            case "yarn":
                return new RopeScaling.Yarn(
                    ReadFactor(scaling),
                    scaling.Integer("original_max_position_embeddings", 1, int.MaxValue, orElse: positions) ?? 1,
                    scaling.Number("beta_fast", 0, 1e6, orElse: 32) ?? 1,
                    scaling.Number("beta_slow", 0, 1e6, orElse: 1) ?? 1,
                    scaling.OptionalNumber("attention_factor", 0, 1e6),
                    scaling.OptionalNumber("mscale", 0, 1e6),
                    scaling.OptionalNumber("mscale_all_dim", 0, 1e6),
                    scaling.Flag("truncate", orElse: true));
            default:
                scaling.Note(key, "supported are \"default\", \"linear\", \"llama3\" and \"yarn\"");
                return null;
        }
    }

    private static RopeScaling.Llama3 ReadLlama3(CheckedJson scaling)
    {
        double? low = scaling.Number("low_freq_factor", 0, 1e6);
        double? high = scaling.Number("high_freq_factor", 0, 1e6);
        if (high <= low)
        {
            scaling.Note("high_freq_factor", FormattableString.Invariant($"expected more than low_freq_factor, {low}"));
        }

        int? original = scaling.Integer("original_max_position_embeddings", 1, int.MaxValue);
        return new RopeScaling.Llama3(ReadFactor(scaling), low ?? 1, high ?? 1, original ?? 1);
    }

    private static double ReadFactor(CheckedJson scaling)
    {
        double? factor = scaling.Number("factor", 0, 1e6);
        if (factor < 1)
        {
            scaling.Note("factor", "expected at least 1");
        }

        return factor ?? 1;
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
