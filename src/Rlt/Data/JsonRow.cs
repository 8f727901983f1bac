using System.Text.Json;
using System.Text.Json.Nodes;

namespace Rlt.Data;

/// <summary>One row of a data file, with the place it came from for messages.</summary>
/// <param name="File">The file's path as it was given.</param>
/// <param name="Line">The line on which the row begins, of Parquet the row's number, counted from 1.</param>
/// <param name="Fields">The row's object; every field in the file's order.</param>
public sealed record JsonRow(string File, int Line, JsonObject Fields)
{
    /// <summary>Where the row is, "FILE:LINE".</summary>
    public string Place => $"{File}:{Line}";

    /// <summary>Is the field there, and not null.</summary>
    public bool Has(string key) => Fields[key] is not null;

    /// <summary>A field that must be a text.</summary>
    /// <exception cref="DataException">The field is missing or of another kind.</exception>
    public string Text(string key) => TextOrNull(key) ?? throw Problem($"'{key}' is missing; expected a text.");

    /// <summary>A text, or null where the field is missing or null. LaTeX's commands that JSON's escapes have broken are restored.</summary>
    /// <exception cref="DataException">The field is of another kind.</exception>
    public string? TextOrNull(string key) => Fields[key] switch
    {
        null => null,
        JsonValue value when value.TryGetValue(out string? text) => EscapedLatex.Restore(text),
        var other => throw Problem($"'{key}' is {Shown(other)}; expected a text."),
    };

    /// <summary>A text or a number as it is written, or the first of a list of them that say the same in other ways; null where there is none.</summary>
    /// <exception cref="DataException">The field is of another kind.</exception>
    public string? FirstTextOrNull(string key) => Fields[key] switch
    {
        JsonArray { Count: 0 } => null,
        JsonArray list => NumberText(list[0]) ?? (list[0] is JsonValue value && value.TryGetValue(out string? text)
            ? EscapedLatex.Restore(text) : throw Problem($"'{key}' is {Shown(list)}; expected a text or a list of texts.")),
        var field => NumberText(field) ?? TextOrNull(key),
    };

    /// <summary>As <see cref="FirstTextOrNull"/>, of a field that must be there.</summary>
    /// <exception cref="DataException">The field is missing or of another kind.</exception>
    public string FirstText(string key) => FirstTextOrNull(key) ?? Text(key);

    /// <summary>An answer: a text, a number, or a list of them, which together are the answer; null where the field is missing or of another kind.</summary>
    public string? AnswerOrNull(string key) => Fields[key] switch
    {
        JsonValue value => EscapedLatex.Restore(value.ToString()),
        JsonArray { Count: > 0 } list when list.All(item => item is JsonValue) =>
            EscapedLatex.Restore(string.Join(", ", list.Select(item => item!.ToString().Trim()))),
        _ => null,
    };

    /// <summary>A field that must be a list of token ids: whole numbers of at least 0.</summary>
    /// <exception cref="DataException">The field is missing or of another kind.</exception>
    public int[] TokenIds(string key)
    {
        if (Fields[key] is not JsonArray list)
        {
            throw Problem($"'{key}' is {Shown(Fields[key])}; expected a list of token ids.");
        }

        var ids = new int[list.Count];
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = list[i] is JsonValue item && item.TryGetValue(out int id) && id >= 0
                ? id
                : throw Problem($"'{key}' holds {Shown(list[i])} at place {i}; expected a token id, a whole number of at least 0.");
        }

        return ids;
    }

    /// <summary>A number as it is written; null for anything else.</summary>
    internal static string? NumberText(JsonNode? value) =>
        value is JsonValue number && number.GetValueKind() == JsonValueKind.Number ? number.ToJsonString() : null;

    /// <summary>An error about this row, "FILE:LINE: WHAT".</summary>
    public DataException Problem(string what) => new($"{Place}: {what}");

    private static string Shown(JsonNode? value)
    {
        const int most = 80;
        string text = value is null ? "missing" : value.ToJsonString(JsonLines.Format);
        return text.Length <= most ? text : text[..most] + "…";
    }
}
