using System.Text.Json;
using System.Text.Json.Nodes;

namespace Rlt.Text.Chat;

/// <summary>Finds chat templates and special tokens in the files of a model directory.</summary>
internal sealed class ChatTemplateFiles
{
    private const string ConfigFile = "tokenizer_config.json";

    private static readonly string[] s_tokenNames =
        ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

    private readonly string _directory;

    private ChatTemplateFiles(string directory)
    {
        _directory = directory;
    }

    /// <summary>Template texts by name, each with the file it is from.</summary>
    public Dictionary<string, (string Source, string Origin)> Templates { get; } = new(StringComparer.Ordinal);

    /// <summary>The special tokens the tokenizer's files set.</summary>
    public JsonObject Variables { get; } = [];

    public static ChatTemplateFiles Read(string directory)
    {
        var files = new ChatTemplateFiles(directory);
        JsonObject? config = files.ReadJson(ConfigFile);
        files.ReadTemplates(config);
        if (files.Templates.Count > 0)
        {
            files.ReadTokens(config);
            files.ReadTokens(files.ReadJson("special_tokens_map.json"));
        }

        return files;
    }

    /// <summary>A chat_template.jinja wins over the tokenizer's config; a processor's chat_template.json comes last.</summary>
    private void ReadTemplates(JsonObject? config)
    {
        string jinja = Path.Combine(_directory, "chat_template.jinja");
        if (File.Exists(jinja))
        {
            Templates.Add("default", (TextOf(jinja), jinja));
            ReadNamedTemplates();
            return;
        }

        AddTemplates(config?["chat_template"], Path.Combine(_directory, ConfigFile));
        ReadNamedTemplates();
        if (Templates.Count == 0)
        {
            const string file = "chat_template.json";
            AddTemplates(ReadJson(file)?["chat_template"], Path.Combine(_directory, file));
        }
    }

    private void ReadNamedTemplates()
    {
        string folder = Path.Combine(_directory, "additional_chat_templates");
        if (Directory.Exists(folder))
        {
            foreach (string path in Directory.EnumerateFiles(folder, "*.jinja").Order(StringComparer.Ordinal))
            {
                Templates[Path.GetFileNameWithoutExtension(path)] = (TextOf(path), path);
            }
        }
    }

    private void AddTemplates(JsonNode? node, string origin)
    {
        if (node is JsonArray named)
        {
            foreach (JsonNode? item in named)
            {
                if (item is not JsonObject entry || Text(entry["name"]) is not string name || Text(entry["template"]) is not string source)
                {
                    throw new CheckpointException($"{origin}: an entry of chat_template is {item?.ToJsonString() ?? "null"}; expected {{\"name\": …, \"template\": …}}.");
                }

                Templates[name] = (source, $"{origin} ({name})");
            }
        }
        else if (node is not null)
        {
            string source = Text(node)
                ?? throw new CheckpointException($"{origin}: chat_template is of kind {node.GetValueKind()}; expected a text or a list of named texts.");
            Templates["default"] = (source, origin);
        }
    }

    private void ReadTokens(JsonObject? file)
    {
        foreach (string name in s_tokenNames)
        {
            if (TokenText(file?[name]) is string token)
            {
                Variables.TryAdd(name, token);
            }
        }

        if (file?["additional_special_tokens"] is JsonArray { Count: > 0 } tokens)
        {
            Variables.TryAdd("additional_special_tokens",
                new JsonArray([.. tokens.Select(TokenText).OfType<string>().Select(token => JsonValue.Create(token))]));
        }

        // Tokens of single models, such as image_token.
        if (file?["extra_special_tokens"] is JsonObject extra)
        {
            foreach (var (name, value) in extra)
            {
                if (TokenText(value) is string token)
                {
                    Variables.TryAdd(name, token);
                }
            }
        }
    }

    /// <summary>A token is a text, or an object whose content is that text.</summary>
    private static string? TokenText(JsonNode? node) => node is JsonObject token ? Text(token["content"]) : Text(node);

    private static string? Text(JsonNode? node) =>
        node?.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : null;

    private static string TextOf(string path) => WholeFile.Text(BytesOf(path));

    private static byte[] BytesOf(string path)
    {
        try
        {
            return WholeFile.Bytes(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be read: {error.Message}", error);
        }
    }

    private JsonObject? ReadJson(string file)
    {
        string path = Path.Combine(_directory, file);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            JsonElement root = StrictJson.Parse(BytesOf(path));
            return root.ValueKind == JsonValueKind.Object
                ? JsonObject.Create(root)
                : throw new CheckpointException($"{path}: the file does not hold a JSON object. Copy it from the model again.");
        }
        catch (JsonException error)
        {
            throw new CheckpointException($"{path}: the file is not JSON: {error.Message} Copy it from the model again.", error);
        }
    }
}
