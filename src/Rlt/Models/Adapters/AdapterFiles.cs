using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Rlt.Files;
using Rlt.Hub;
using Rlt.Models.Safetensors;

namespace Rlt.Models.Adapters;

/// <summary>Reads and writes adapters as PEFT does: <c>adapter_config.json</c> beside <c>adapter_model.safetensors</c>.</summary>
/// <remarks>What PEFT knows beyond plain LoRA (DoRA, trained biases, whole trained modules, starts that change the base) is refused.</remarks>
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
        AtomicFile.WriteText(Path.Combine(directory, ConfigFileName), ConfigJson(adapters.Layout, baseDirectory).ToJsonString(Readable) + "\n");
    }

    /// <summary>Reads what the adapters of a directory are.</summary>
    /// <returns>The layout, and the base model's directory: the one that is named, else the adapters' own where the base lies beside them.</returns>
    /// <exception cref="CheckpointException">The file cannot be used, or the base model is not there.</exception>
    public static (LoraLayout Layout, string BaseDirectory) ReadConfig(string directory)
    {
        string path = Path.Combine(directory, ConfigFileName);
        var problems = new List<string>();
        var json = new CheckedJson(path, Parse(path), problems);
        RefuseOtherKinds(json);
        CheckedJson? ranks = json.Section("rank_pattern"), alphas = json.Section("alpha_pattern");
        var layout = new LoraLayout
        {
            Rank = json.Integer("r", 1, MaxRank) ?? 1,
            Alpha = json.Number("lora_alpha", 0, double.MaxValue) ?? 1,
            Dropout = json.Number("lora_dropout", -1, 1, 0) ?? 0,
            TargetModules = [.. json.Texts("target_modules").Select(text => text ?? "null")],
            TargetPattern = json.IsText("target_modules") ? json.Text("target_modules") : null,
            RankStabilised = json.Flag("use_rslora", orElse: false),
            RankPattern = [.. (ranks?.Keys ?? []).Select(key => KeyValuePair.Create(key, ranks!.Integer(key, 1, MaxRank) ?? 1))],
            AlphaPattern = [.. (alphas?.Keys ?? []).Select(key => KeyValuePair.Create(key, alphas!.Number(key, 0, double.MaxValue) ?? 1))],
        };
        if (layout.Dropout is not (>= 0 and < 1))
        {
            json.Note("lora_dropout", "expected 0 to below 1");
        }

        string? baseDirectory = BaseOf(json, directory);
        if (baseDirectory is null)
        {
            string there = Directory.GetCurrentDirectory();
            json.Note("base_model_name_or_path",
                $"expected the directory of a whole model, absolute or relative to the working directory ({there}). Fetch that model, or correct the path");
        }
        else
        {
            CheckPlaces(json, layout, LoraLayout.ModulesOf(ModelConfig.Load(baseDirectory)));
        }

        return problems.Count == 0 ? (layout, baseDirectory!) : throw new CheckpointException(string.Join(Environment.NewLine, problems));
    }

    /// <summary>Attaches the adapters of a directory to their base model.</summary>
    /// <exception cref="CheckpointException">Names or shapes are not those of the config and the model.</exception>
    public static void Attach(Decoder model, LoraLayout layout, string directory)
    {
        HubPath.RequireWeights(directory);
        string path = Path.Combine(directory, WeightsFileName);
        if (!File.Exists(path))
        {
            string hint = File.Exists(Path.Combine(directory, "adapter_model.bin"))
                ? "It has adapter_model.bin; save it again as safetensors." : "Is the download complete?";
            throw new CheckpointException($"{directory}: no {WeightsFileName} beside {ConfigFileName}. {hint}");
        }

        using SafetensorsFile file = SafetensorsFile.Open(path);
        AdapterWeights.Check(file, model, layout);
        foreach (Parameter parameter in model.Attach(layout, seed: 0).Parameters)
        {
            parameter.Replace(TensorBytes.Read(file, file.Entries[parameter.Name], parameter.Value.dtype, parameter.Value.device));
        }
    }

    private static string? BaseOf(CheckedJson json, string directory)
    {
        string? named = json.Text("base_model_name_or_path");
        string? here = new[] { named, directory }.FirstOrDefault(place => place is not null && Directory.Exists(place) && (!IsAdapter(place) || HasModel(place)));
        if (here is not null || named is null || HubId.TryParse(HubKind.Model, named) is null)
        {
            return here;
        }

        try
        {
            return HubPath.Model(json.Text("revision") is { } revision ? $"{named}@{revision}" : named);
        }
        catch (HubException error)
        {
            throw new CheckpointException($"{Path.Combine(directory, ConfigFileName)}: base_model_name_or_path: {error.Message}", error);
        }
    }

    private static bool HasModel(string directory) =>
        File.Exists(Path.Combine(directory, ModelConfig.FileName))
        && new[] { WeightFiles.SingleFileName, WeightFiles.IndexFileName }.Any(name => File.Exists(Path.Combine(directory, name)));

    private static void CheckPlaces(CheckedJson json, LoraLayout layout, IReadOnlyList<string> modules)
    {
        bool isUsable = CanMatch(json, "target_modules", () => modules.Any(layout.Targets));
        if (!isUsable || layout.TargetModules.Any(target => target.Split('.')[^1] is "lm_head" or "embed_tokens"))
        {
            string[] there = [.. LoraConfig.KnownModules.Where(known => modules.Any(module => module.EndsWith("." + known, StringComparison.Ordinal)))];
            json.Note("target_modules", $"expected some of {string.Join(", ", there)} "
                + $"(or longer ends of names, self_attn.q_proj), a pattern for whole names of such, or \"{LoraLayout.AllLinear}\"");
        }

        CanMatch(json, "rank_pattern", () => modules.Sum(layout.RankOf) > 0);
        CanMatch(json, "alpha_pattern", () => modules.Sum(layout.AlphaOf) > 0);
    }

    private static bool CanMatch(CheckedJson json, string key, Func<bool> match)
    {
        try
        {
            return match();
        }
        catch (Exception error) when (error is ArgumentException or RegexMatchTimeoutException)
        {
            json.Note(key, $"it cannot be matched: {error.Message.TrimEnd('.')}");
            return true;
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

        foreach (string key in new[] { "use_dora", "use_qalora", "fan_in_fan_out", "lora_bias" }.Where(key => json.Flag(key, orElse: false)))
        {
            json.Note(key, "expected false");
        }

        foreach (string key in new[] { "modules_to_save", "layers_to_transform", "layer_replication", "exclude_modules", "target_parameters",
            "trainable_token_indices", "alora_invocation_tokens", "arrow_config", "use_bdlora" }.Where(json.IsFilled))
        {
            json.Note(key, "expected null");
        }

        if (json.IsText("init_lora_weights") && json.Text("init_lora_weights") is { } start
            && BaseChangingStarts.Any(known => start.StartsWith(known, StringComparison.Ordinal)))
        {
            json.Note("init_lora_weights",
                "expected a start that leaves the base model's weights as they are. Save the adapters as plain LoRA (PEFT: save_pretrained with path_initial_model_for_weight_conversion)");
        }
    }

    private static JsonElement Parse(string path)
    {
        try
        {
            JsonElement root = StrictJson.Parse(WholeFile.Bytes(path));
            return root.ValueKind == JsonValueKind.Object
                ? root : throw new CheckpointException($"{path}: the file holds no JSON object; expected the one that PEFT writes.");
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be read: {error.Message}", error);
        }
    }

    private static JsonObject ConfigJson(LoraLayout layout, string baseDirectory) => new()
    {
        ["alpha_pattern"] = new JsonObject(layout.AlphaPattern.Select(pair => KeyValuePair.Create<string, JsonNode?>(pair.Key, pair.Value))),
        ["auto_mapping"] = null,
        ["base_model_name_or_path"] = HubPath.IdOf(baseDirectory)?.Name ?? baseDirectory,
        ["bias"] = "none",
        ["fan_in_fan_out"] = false,
        ["inference_mode"] = true,
        ["init_lora_weights"] = true,
        ["layers_pattern"] = null,
        ["layers_to_transform"] = null,
        ["lora_alpha"] = layout.Alpha,
        ["lora_dropout"] = layout.Dropout,
        ["modules_to_save"] = null,
        ["peft_type"] = "LORA",
        ["r"] = layout.Rank,
        ["rank_pattern"] = new JsonObject(layout.RankPattern.Select(pair => KeyValuePair.Create<string, JsonNode?>(pair.Key, pair.Value))),
        ["revision"] = HubPath.IdOf(baseDirectory)?.Revision,
        ["target_modules"] = layout.TargetPattern is { } pattern ? JsonValue.Create(pattern)
            : new JsonArray([.. layout.TargetModules.Select(module => JsonValue.Create(module))]),
        ["task_type"] = "CAUSAL_LM",
        ["use_dora"] = false,
        ["use_rslora"] = layout.RankStabilised,
    };
}
