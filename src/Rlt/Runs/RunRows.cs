using System.Text.Json;
using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Files;

namespace Rlt.Runs;

/// <summary>A JSONL file that a run adds rows to; a killed run may leave half a row at its end.</summary>
public static class RunRows
{
    private const long LongestText = int.MaxValue / 2;

    /// <summary>Adds rows, and returns when they are on the disk.</summary>
    public static void Append(string path, IEnumerable<JsonObject> rows)
    {
        if (!WritingProcess.IsThis)
        {
            return;
        }

        (FileStream file, Stream stream) = OutputFile.Open(path, FileMode.Append, FileShare.ReadWrite);
        using (file)
        {
            JsonLines.Write(stream, rows);
            stream.Flush();
            file.Flush(flushToDisk: true);
        }
    }

    /// <summary>The whole rows; none where there is no file. Half a row at the end is left out.</summary>
    /// <exception cref="DataException">A row is damaged, with file and line.</exception>
    public static IReadOnlyList<JsonObject> Read(string path)
    {
        if (!File.Exists(path))
        {
            return [];
        }

        string text = WholeFile.Text(WholeFile.Bytes(path, LongestText));
        string[] lines = text[..(text.LastIndexOf('\n') + 1)].Split('\n');
        return [.. lines.Select((line, i) => (line, i)).Where(pair => pair.line.Length > 0).Select(pair => Row(path, pair.i + 1, pair.line))];
    }

    /// <summary>A small JSON file of the run's own.</summary>
    /// <exception cref="DataException">It is damaged.</exception>
    public static JsonObject ReadObject(string path) => Row(path, 1, WholeFile.Text(WholeFile.Bytes(path, LongestText)));

    /// <summary>A field that counts something.</summary>
    /// <exception cref="DataException">It is missing, or no whole number from 0 to the bound.</exception>
    public static long Count(string path, JsonObject row, string key, long most = long.MaxValue) =>
        row[key] is JsonValue value && value.TryGetValue(out long count) && count >= 0 && count <= most
            ? count
            : throw new DataException($"{path}: '{key}' is {row[key]?.ToJsonString() ?? "missing"}; "
                + $"expected a whole number from 0 to {most}. The file is damaged: choose another --out.");

    /// <summary>A field that measures something.</summary>
    /// <exception cref="DataException">It is missing, or no finite number.</exception>
    public static double Number(string path, JsonObject row, string key) =>
        row[key] is JsonValue value && value.TryGetValue(out double number) && double.IsFinite(number)
        ? number
        : throw new DataException($"{path}: '{key}' is {row[key]?.ToJsonString() ?? "missing"}; expected a number. The file is damaged, or not a run's.");

    /// <summary>Requires fields that measure something.</summary>
    /// <exception cref="DataException">As <see cref="Number"/>.</exception>
    public static void RequireNumbers(string path, JsonObject row, params IEnumerable<string> keys)
    {
        foreach (string key in keys)
        {
            Number(path, row, key);
        }
    }

    private static JsonObject Row(string path, int line, string text)
    {
        try
        {
            JsonElement row = StrictJson.Parse(System.Text.Encoding.UTF8.GetBytes(text));
            return JsonObject.Create(row) ?? throw new JsonException("not an object");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new DataException(
                $"{path}:{line}: damaged ({error.Message.Split('.')[0]}). Remove this line to have it made again, or choose another --out.", error);
        }
    }
}
