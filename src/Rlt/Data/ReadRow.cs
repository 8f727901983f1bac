using System.Text.Json;
using System.Text.Json.Nodes;

namespace Rlt.Data;

/// <summary>What stands where a row is expected: the row, or why there is none. One bad row does not end the reading of its file.</summary>
internal readonly record struct ReadRow(JsonRow? Row, DataException? Problem)
{
    /// <summary>The row.</summary>
    /// <exception cref="DataException">There is none.</exception>
    public JsonRow Usable => Row ?? throw Problem!;

    /// <summary>A row from the JSON of an object.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="line">The row's first line.</param>
    /// <param name="json">The text of one value.</param>
    /// <param name="subject">What the file calls a row: "line" or "item".</param>
    /// <param name="expected">The rest of the sentence after "expected".</param>
    public static ReadRow FromJson(string path, int line, ReadOnlySpan<byte> json, string subject, string expected)
    {
        try
        {
            JsonElement row = StrictJson.Parse(json);
            return row.ValueKind == JsonValueKind.Object
                ? new ReadRow(new JsonRow(path, line, JsonObject.Create(row)!), null)
                : Bad(path, line, $"the {subject} is a JSON {row.ValueKind.ToString().ToLowerInvariant()}; expected {expected}.");
        }
        catch (JsonException error)
        {
            return Bad(path, line, $"the {subject} is not usable JSON: {error.Message}", error);
        }
    }

    /// <summary>A place without a row.</summary>
    public static ReadRow Bad(string path, int line, string what, Exception? inner = null) => new(null, new DataException($"{path}:{line}: {what}", inner));
}
