using System.Text.Json;

namespace Rlt.Text.Tokenization;

/// <summary>
/// What the files beside tokenizer.json add to it: tokens, those with a role among them, the longest input, and which tokens are put around a text.
/// </summary>
/// <remarks>
/// As transformers reads them: tokenizer_config.json, and where that has no added_tokens_decoder, special_tokens_map.json, which comes before it,
/// and added_tokens.json. add_bos_token and add_eos_token are those of the tokenizer classes that rewrite the file's template by them.
/// </remarks>
internal sealed class TokenizerSettings
{
    private static readonly string[] RoleNames = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];
    private static readonly string[] WrappingClasses = ["LlamaTokenizer", "CodeLlamaTokenizer", "GemmaTokenizer", "CohereTokenizer"];

    private readonly Dictionary<string, NamedToken> _roles = new(StringComparer.Ordinal);
    private readonly List<NamedToken> _others = [];
    private readonly List<NamedToken> _withIds = [];

    private TokenizerSettings()
    {
    }

    /// <summary>The tokens that are named, in the order in which those that tokenizer.json lacks are added to it.</summary>
    public IEnumerable<NamedToken> Tokens =>
        [.. _withIds.OrderBy(token => token.Token.Id), .. RoleNames.Where(_roles.ContainsKey).Select(name => _roles[name]), .. _others];

    /// <summary>The longest input in tokens; null where no file names one.</summary>
    public int? MaxLength { get; private set; }

    /// <summary>The tokens put before a text; null: those of tokenizer.json.</summary>
    public IReadOnlyList<string>? Before { get; private set; }

    /// <summary>The tokens put after a text; null: those of tokenizer.json.</summary>
    public IReadOnlyList<string>? After { get; private set; }

    /// <summary>The token of a role such as "eos_token"; null where none is named.</summary>
    public string? this[string role] => _roles.GetValueOrDefault(role)?.Token.Content;

    /// <summary>Reads the files of a directory, of which each may be absent.</summary>
    /// <exception cref="CheckpointException">A file cannot be used.</exception>
    public static TokenizerSettings Read(string directory)
    {
        var settings = new TokenizerSettings();
        JsonPart config = Open(directory, "tokenizer_config.json");
        bool hasDecoder = !config.IsNull && !config["added_tokens_decoder"].IsNull;
        JsonPart map = hasDecoder ? default : Open(directory, "special_tokens_map.json");
        settings.ReadRoles(map);
        settings.ReadRoles(config);
        if (hasDecoder)
        {
            settings._withIds.AddRange(config["added_tokens_decoder"].Fields().Select(field => NamedToken.Decoded(field.Name, field.Part, settings.IsNamed)));
        }
        else if (Open(directory, "added_tokens.json") is { IsNull: false } added)
        {
            settings._withIds.AddRange(added.Fields().Select(field => NamedToken.Listed(field.Name, field.Part, settings.IsNamed(field.Name))));
        }

        if (!config.IsNull)
        {
            settings.MaxLength = ReadLength(config["model_max_length"]);
            settings.ReadWrapping(config);
        }

        return settings;
    }

    private static JsonPart Open(string directory, string name)
    {
        string file = Path.Combine(directory, name);
        if (!File.Exists(file))
        {
            return default;
        }

        using JsonDocument document = JsonPart.Parse(file);
        return new JsonPart(file, "", document.RootElement.Clone());
    }

    private bool IsNamed(string content) => _roles.Values.Concat(_others).Any(token => token.Token.Content == content);

    // What was read before it stays.
    private void ReadRoles(JsonPart file)
    {
        if (file.IsNull)
        {
            return;
        }

        foreach (string name in RoleNames)
        {
            if (NamedToken.Special(file[name]) is { } token)
            {
                _roles.TryAdd(name, token);
            }
        }

        foreach (JsonPart part in new[] { file["additional_special_tokens"], file["extra_special_tokens"] }.Where(part => !part.IsNull))
        {
            IEnumerable<JsonPart> items = part.Element.ValueKind == JsonValueKind.Object ? part.Fields().Select(field => field.Part) : part.Items();
            _others.AddRange(items.Select(NamedToken.Special).OfType<NamedToken>().ToArray().Where(token => !IsNamed(token.Token.Content)));
        }
    }

    private void ReadWrapping(JsonPart config)
    {
        JsonPart bos = config["add_bos_token"], eos = config["add_eos_token"];
        string name = config["tokenizer_class"].StringOr("");
        if (!WrappingClasses.Contains(name.EndsWith("Fast", StringComparison.Ordinal) ? name[..^"Fast".Length] : name) || (bos.IsNull && eos.IsNull))
        {
            return;
        }

        Before = Wrapping(bos, missing: true, "bos_token");
        After = Wrapping(eos, missing: false, "eos_token");
    }

    private IReadOnlyList<string> Wrapping(JsonPart flag, bool missing, string role) => !flag.BooleanOr(missing) ? []
        : this[role] is { } token ? [token]
        : flag.IsNull ? []
        : throw flag.Fail($"is true, but no {role} is named. Name it, or set {flag.Path} to false.");

    private static int? ReadLength(JsonPart part)
    {
        if (part.IsNull)
        {
            return null;
        }

        // Files of models without a limit write a number near 1e30.
        double value = part.Element.ValueKind == JsonValueKind.Number ? part.Element.GetDouble() : double.NaN;
        return value >= 1 ? (value <= int.MaxValue ? (int)value : null) : throw part.Fail($"is {part.Quote()}; expected a number of tokens, 1 or more.");
    }
}
