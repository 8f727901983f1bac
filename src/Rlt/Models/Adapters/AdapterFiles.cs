using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rlt.Models.Safetensors;
using Rlt.Runs;

namespace Rlt.Models.Adapters;

/// <summary>Reads and writes adapters as PEFT does: <c>adapter_config.json</c> beside <c>adapter_model.safetensors</c>.</summary>
/// <remarks>What PEFT knows beyond plain LoRA (DoRA, rank-stabilised scales, ranks by pattern, trained biases, starts that change the base) is refused.</remarks>
public static class AdapterFiles
{
    /// <summary>The name of the file that says what the adapters are, and of which base model.</summary>
    public const string ConfigFileName = "adapter_config.json";

    /// <summary>The name of the adapters' weights.</summary>
    public const string WeightsFileName = "adapter_model.safetensors";

    /// <summary>What PEFT puts before a module's name in the base model.</summary>
    internal const string NamePrefix = "base_model.model.";

    private const int MaxRank = 1 << 16;

    // With these PEFT takes a part out of the base model's weights before it adds the adapter.
    private static readonly string[] BaseChangingStarts = ["pissa", "olora", "corda", "loftq"];

    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Whether a directory holds adapters.</summary>
    public static bool IsAdapter(string directory) => File.Exists(Path.Combine(directory, ConfigFileName));

    /// <summary>Writes the adapters, so that PEFT and vLLM load the directory.</summary>
    /// <param name="adapters">The adapters.</param>
    /// <param name="directory">Created where absent.</param>
    /// <param name="baseDirectory">The base model, as the config names it.</param>
    public static void Save(AdapterSet adapters, string directory, string baseDirectory)
    {
        Directory.CreateDirectory(directory);
        var byName = adapters.Parameters.ToDictionary(parameter => parameter.Name);
        TensorSpec[] specs = [.. byName.Values.Select(p => new TensorSpec(p.Name, p.Value.dtype.ToStoredType(), p.Value.shape))];
        SafetensorsWriter.WriteFile(Path.Combine(directory, WeightsFileName), specs, (spec, stream) => TensorBytes.Write(byName[spec.Name].Value, stream));
        AtomicFile.WriteText(Path.Combine(directory, ConfigFileName), ConfigJson(adapters.Config, baseDirectory).ToJsonString(Readable) + "\n");
    }

    /// <summary>Reads what the adapters of a directory are.</summary>
    /// <returns>The config, and the base model's directory.</returns>
    /// <exception cref="CheckpointException">The file cannot be used, or the base model is not there.</exception>
    public static (LoraConfig Config, string BaseDirectory) ReadConfig(string directory)
    {
        string path = Path.Combine(directory, ConfigFileName);
        var problems = new List<string>();
        var json = new CheckedJson(path, Parse(path), problems);
        RefuseOtherKinds(json);
        var config = new LoraConfig
        {
            Rank = json.Integer("r", 1, MaxRank) ?? 1,
            Alpha = json.Number("lora_alpha", 0, double.MaxValue) ?? 1,
            Dropout = json.Number("lora_dropout", -1, 1, 0) ?? 0,
            TargetModules = [.. json.Texts("target_modules").Select(text => text ?? "null")],
        };
        if (config.Problems().Any(problem => problem.Key == nameof(LoraConfig.Dropout)))
        {
            json.Note("lora_dropout", "expected 0 to below 1");
        }

        if (config.Problems().Any(problem => problem.Key == nameof(LoraConfig.TargetModules)))
        {
            json.Note("target_modules", $"expected a list of some of {string.Join(", ", LoraConfig.KnownModules)}");
        }

        string? baseDirectory = json.Text("base_model_name_or_path");
        if (baseDirectory is null || !Directory.Exists(baseDirectory) || IsAdapter(baseDirectory))
        {
            string there = Directory.GetCurrentDirectory();
            json.Note("base_model_name_or_path", $"expected the directory of a whole model, absolute or relative to the working directory ({there}). Fetch that model, or correct the path");
        }

        return problems.Count == 0 ? (config, baseDirectory!) : throw new CheckpointException(string.Join(Environment.NewLine, problems));
    }

    /// <summary>Attaches the adapters of a directory to their base model.</summary>
    /// <exception cref="CheckpointException">Names or shapes are not those of the config and the model.</exception>
    public static void Attach(Decoder model, LoraConfig config, string directory)
    {
        string path = Path.Combine(directory, WeightsFileName);
        if (!File.Exists(path))
        {
            string hint = File.Exists(Path.Combine(directory, "adapter_model.bin")) ? "It has adapter_model.bin; save it again as safetensors." : "Is the download complete?";
            throw new CheckpointException($"{directory}: no {WeightsFileName} beside {ConfigFileName}. {hint}");
        }

        using SafetensorsFile file = SafetensorsFile.Open(path);
        RefuseOtherWeights(file, Expected(model, config));
        foreach (Parameter parameter in model.Attach(config, seed: 0).Parameters)
        {
            parameter.Replace(TensorBytes.Read(file, file.Entries[parameter.Name], parameter.Value.dtype, parameter.Value.device));
        }
    }

    private static void RefuseOtherKinds(CheckedJson json)
    {
        if (json.Text("peft_type") != "LORA")
        {
            json.Note("peft_type", "expected \"LORA\"");
        }

        if (json.Has("bias") && json.Text("bias") != "none")
        {
            json.Note("bias", "expected \"none\"; trained biases are not supported");
        }

        foreach (string key in new[] { "use_dora", "use_rslora", "fan_in_fan_out", "lora_bias" }.Where(key => json.Flag(key, orElse: false)))
        {
            json.Note(key, "expected false");
        }

        foreach (string key in new[] { "modules_to_save", "layers_to_transform", "layer_replication", "exclude_modules", "target_parameters", "trainable_token_indices", "alora_invocation_tokens", "arrow_config", "use_bdlora" }.Where(json.IsFilled))
        {
            json.Note(key, "expected null");
        }

        if (json.IsText("init_lora_weights") && json.Text("init_lora_weights") is { } start && BaseChangingStarts.Any(known => start.StartsWith(known, StringComparison.Ordinal)))
        {
            json.Note("init_lora_weights", "expected a start that leaves the base model's weights as they are. Save the adapters as plain LoRA (PEFT: save_pretrained with path_initial_model_for_weight_conversion)");
        }

        foreach (string key in new[] { "rank_pattern", "alpha_pattern" }.Where(json.IsFilled))
        {
            json.Note(key, "expected an empty object: one rank and one alpha for all adapters");
        }
    }

    // Told before the adapters are made: a config can ask for ranks far beyond the file's.
    private static Dictionary<string, long[]> Expected(Decoder model, LoraConfig config)
    {
        var shapes = new Dictionary<string, long[]>();
        foreach (string target in config.TargetModules)
        {
            foreach (Parameter weight in model.Parameters.Where(weight => weight.Name.EndsWith($".{target}.weight", StringComparison.Ordinal)).OrderBy(weight => weight.Name, StringComparer.Ordinal))
            {
                string module = NamePrefix + weight.Name[..^".weight".Length];
                shapes[module + ".lora_A.weight"] = [config.Rank, weight.Value.size(1)];
                shapes[module + ".lora_B.weight"] = [weight.Value.size(0), config.Rank];
            }
        }

        return shapes;
    }

    private static void RefuseOtherWeights(SafetensorsFile file, Dictionary<string, long[]> expected)
    {
        string[] missing = [.. expected.Keys.Where(name => !file.Entries.ContainsKey(name))];
        string[] unexpected = [.. file.Entries.Keys.Where(name => !expected.ContainsKey(name))];
        if (missing.Length > 0 || unexpected.Length > 0)
        {
            throw new CheckpointException(
                $"{file.Path}: the weights are not those of {ConfigFileName} and the base model: {missing.Length} missing{First(missing)}, {unexpected.Length} unexpected{First(unexpected)}. Is the base model another one?");
        }

        foreach ((string name, long[] shape) in expected)
        {
            TensorEntry entry = file.Entries[name];
            if (!entry.Shape.SequenceEqual(shape))
            {
                throw new CheckpointException(
                    $"{file.Path}: '{entry.Name}' has shape [{string.Join(", ", entry.Shape)}], rank and base model ask for [{string.Join(", ", shape)}]. Is the base model another one?");
            }

            if (entry.Type is not (StoredType.F64 or StoredType.F32 or StoredType.F16 or StoredType.BF16))
            {
                throw new CheckpointException($"{file.Path}: '{entry.Name}' has type {entry.Type}; expected F32, F16 or BF16");
            }
        }

        static string First(string[] names) => names.Length == 0 ? "" : $" ({names.Order(StringComparer.Ordinal).First()}{(names.Length > 1 ? ", …" : "")})";
    }

    private static JsonElement Parse(string path)
    {
        try
        {
            JsonElement root = StrictJson.Parse(WholeFile.Bytes(path));
            return root.ValueKind == JsonValueKind.Object ? root : throw new CheckpointException($"{path}: the file holds no JSON object; expected the one that PEFT writes.");
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be read: {error.Message}", error);
        }
    }

    private static JsonObject ConfigJson(LoraConfig config, string baseDirectory) => new()
    {
        ["alpha_pattern"] = new JsonObject(),
        ["auto_mapping"] = null,
        ["base_model_name_or_path"] = baseDirectory,
        ["bias"] = "none",
        ["fan_in_fan_out"] = false,
        ["inference_mode"] = true,
        ["init_lora_weights"] = true,
        ["layers_pattern"] = null,
        ["layers_to_transform"] = null,
        ["lora_alpha"] = config.Alpha,
        ["lora_dropout"] = config.Dropout,
        ["modules_to_save"] = null,
        ["peft_type"] = "LORA",
        ["r"] = config.Rank,
        ["rank_pattern"] = new JsonObject(),
        ["revision"] = null,
        ["target_modules"] = new JsonArray([.. config.TargetModules.Select(module => JsonValue.Create(module))]),
        ["task_type"] = "CAUSAL_LM",
        ["use_dora"] = false,
        ["use_rslora"] = false,
    };
}
