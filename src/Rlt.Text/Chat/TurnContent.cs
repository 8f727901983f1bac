using System.Text.Json.Nodes;

namespace Rlt.Text.Chat;

/// <summary>What a turn of a conversation says, be it a text or a list of typed parts, with the thought among them or beside them.</summary>
public static class TurnContent
{
    private static readonly string[] ThoughtFields = ["reasoning_content", "reasoning", "thinking"];
    private static readonly string[] TextKinds = ["text", "input_text", "output_text"];

    /// <summary>The texts of a content: itself, or those of its text parts; none where it has no text.</summary>
    public static IReadOnlyList<string> Texts(JsonNode? content) => content switch
    {
        JsonValue value when value.TryGetValue(out string? text) => [text],
        JsonArray parts => [.. parts.Where(part => part is JsonValue || IsText(part)).SelectMany(part => Texts((part as JsonObject)?["text"] ?? part))],
        _ => [],
    };

    /// <summary>The texts as one; null where there is none.</summary>
    public static string? Text(JsonNode? content) => Texts(content) is { Count: > 0 } texts ? string.Concat(texts) : null;

    /// <summary>The thought that stands beside a turn's content, or in parts of it; null where there is none.</summary>
    public static string? Thought(JsonObject turn)
    {
        string? beside = ThoughtFields.Select(field => Text(turn[field])).FirstOrDefault(text => !string.IsNullOrWhiteSpace(text));
        string among = turn["content"] is JsonArray parts ? string.Concat(parts.OfType<JsonObject>().Select(ThoughtOf)) : "";
        return beside ?? (among.Length > 0 ? among : null);
    }

    /// <summary>The kind of a content's first part that is neither text nor thought, such as an image; null where there is none.</summary>
    public static string? OtherKind(JsonNode? content) => content is JsonArray parts
        ? parts.OfType<JsonObject>().FirstOrDefault(part => !IsText(part) && ThoughtOf(part) is null)?["type"]?.ToString()
        : null;

    /// <summary>A turn whose content is one text, for templates that know texts only; its thought stands in reasoning_content.</summary>
    public static JsonObject Joined(JsonObject turn)
    {
        var joined = (JsonObject)turn.DeepClone();
        joined["content"] = Text(turn["content"]) ?? "";
        if (Thought(turn) is { } thought)
        {
            joined["reasoning_content"] = thought;
        }

        return joined;
    }

    private static bool IsText(JsonNode? part) =>
        part is JsonObject typed && (typed["type"] is null ? typed["text"] is not null : TextKinds.Contains(typed["type"]!.ToString()));

    private static string? ThoughtOf(JsonObject part) => part["type"]?.ToString() is "thinking" or "reasoning"
        ? Text(part["thinking"]) ?? Text(part["reasoning"]) ?? Text(part["text"]) ?? Text(part["summary"])
        : null;
}
