using System.Text.Json;
using System.Text.Json.Nodes;
using Rlt.Data;

namespace Rlt.Runs;

/// <summary>A JSONL file that a run adds rows to; a killed run may leave half a row at its end.</summary>
public static class RunRows
{
    /// <summary>Adds rows.</summary>
    public static void Append(string path, IEnumerable<JsonObject> rows) => File.AppendAllText(path, string.Concat(rows.Select(row => JsonLines.Line(row) + "\n")));

    /// <summary>The whole rows; none where there is no file. Half a row at the end is left out.</summary>
    /// <exception cref="DataException">A row is damaged, with file and line.</exception>
    public static IReadOnlyList<JsonObject> Read(string path)
    {
        if (!File.Exists(path))
        {
            return [];
        }

        string text = File.ReadAllText(path);
        string[] lines = text[..(text.LastIndexOf('\n') + 1)].Split('\n');
        return [.. lines.Select((line, i) => (line, i)).Where(pair => pair.line.Length > 0).Select(pair => Row(path, pair.i + 1, pair.line))];
    }

    /// <summary>A small JSON file of the run's own.</summary>
    /// <exception cref="DataException">It is damaged.</exception>
    public static JsonObject ReadObject(string path) => Row(path, 1, File.ReadAllText(path));

    private static JsonObject Row(string path, int line, string text)
    {
        try
        {
            return JsonNode.Parse(text) as JsonObject ?? throw new JsonException("not an object");
        }
        catch (JsonException error)
        {
            throw new DataException($"{path}:{line}: damaged ({error.Message.Split('.')[0]}). Remove this line to have it made again, or choose another --out.", error);
        }
    }
}
