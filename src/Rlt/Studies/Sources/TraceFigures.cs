using System.Text.Json.Nodes;
using Rlt.Data;

namespace Rlt.Studies.Sources;

/// <summary>What a file of traces, of collect or score, comes to.</summary>
/// <param name="Path">The file.</param>
/// <param name="Traces">Rows with an explanation that could be used.</param>
/// <param name="Dropped">Rows without, or that could not be scored.</param>
/// <param name="Means">Fields that are numbers, or yes and no as 1 and 0, with their means over the rows that have them.</param>
public sealed record TraceFigures(string Path, int Traces, int Dropped, IReadOnlyDictionary<string, double> Means)
{
    /// <summary>The mean length of an explanation.</summary>
    public const string Tokens = "explanation_tokens";

    /// <summary>The fields that tables show, in their order.</summary>
    public static IReadOnlyList<string> Shown { get; } = [Tokens, "reward", "solution_score", "think_kl", "leaks_early", "copies_solution", "empty"];

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="fields">The fields that are averaged.</param>
    /// <exception cref="DataException">It cannot be read, has no trace, or a field is of another kind.</exception>
    public static TraceFigures Read(string path, IEnumerable<string> fields)
    {
        var sums = fields.Distinct().ToDictionary(field => field, _ => (Sum: 0.0, Count: 0));
        int traces = 0, dropped = 0;
        foreach (JsonRow row in JsonLines.Read(path))
        {
            if (IsDropped(row))
            {
                dropped++;
                continue;
            }

            traces++;
            foreach (string field in sums.Keys)
            {
                if (Value(row, field) is { } value)
                {
                    sums[field] = (sums[field].Sum + value, sums[field].Count + 1);
                }
            }
        }

        return traces > 0
            ? new TraceFigures(path, traces, dropped, sums.Where(sum => sum.Value.Count > 0)
                .ToDictionary(sum => sum.Key, sum => sum.Value.Sum / sum.Value.Count))
            : throw new DataException($"{path}: no trace in {dropped} rows; expected rows of collect or score.");
    }

    /// <summary>Whether the row is there only to say that something is missing.</summary>
    public static bool IsDropped(JsonRow row) => row.Has("dropped") || row.Has("error");

    // collect names the length of what was sampled, score that of the explanation within its tags.
    private static double? Value(JsonRow row, string field) => Number(row, field, field == Tokens
        ? row.Fields[Tokens] ?? row.Fields["completion_tokens"] ?? (row.Fields["tokens"] as JsonObject)?["explanation"]
        : row.Fields[field]);

    private static double? Number(JsonRow row, string field, JsonNode? value) => value switch
    {
        null => null,
        JsonValue number when number.TryGetValue(out double found) && double.IsFinite(found) => found,
        JsonValue flag when flag.TryGetValue(out bool found) => found ? 1 : 0,
        _ => throw row.Problem($"'{field}' is {value.ToJsonString()}; expected a number."),
    };
}
