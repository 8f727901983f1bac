using System.Globalization;
using System.Text.Json.Nodes;
using Rlt.Runs;
using Rlt.Statistics;

namespace Rlt.Teaching.Rewards;

/// <summary>What the scores of a file of explanations are together.</summary>
public static class ScoreSummary
{
    private static readonly string[] Parts =
        ["reward", "solution_score", "solution_mean", "solution_min", "think_kl", "kl_mean", "kl_max", "match", "penalty", "likelihood", "surprise", "explanation tokens"];

    private static readonly (string Name, Func<double[], double> Of)[] Columns =
    [
        ("mean", values => values.Average()), ("least", values => values[0]), ("10%", values => Quantile.Of(values, 0.1)),
        ("median", values => Quantile.Of(values, 0.5)), ("90%", values => Quantile.Of(values, 0.9)), ("largest", values => values[^1]),
    ];

    /// <summary>The reward and its parts as a table, for a terminal and Markdown alike; a row of means and places among the scored rows each.</summary>
    /// <param name="rows">The rows, of which those with an <c>error</c> have no score.</param>
    public static string Table(IReadOnlyList<JsonObject> rows)
    {
        JsonObject[] scored = [.. rows.Where(row => !row.ContainsKey("error"))];
        string count = string.Create(CultureInfo.InvariantCulture, $"{scored.Length} of {rows.Count} rows scored");
        return scored.Length == 0 ? count : string.Join('\n',
        [
            $"{count}; rewards in nats",
            Line("", Columns.Select(column => column.Name)),
            $"|{new string('-', 20)}|{string.Concat(Enumerable.Repeat("---------:|", Columns.Length))}",
            .. from part in Parts
               let values = scored.Select(row => Value(row, part)).OfType<double>().Order().ToArray()
               where values.Length > 0
               select Line(part, Columns.Select(column => column.Of(values).ToString("0.000", CultureInfo.InvariantCulture))),
        ]);
    }

    private static double? Value(JsonObject row, string part) =>
        (part == "explanation tokens" ? row["tokens"]?["explanation"] : row[part]) is { } value ? Metrics.Number(value) : null;

    private static string Line(string name, IEnumerable<string> cells) => $"| {name,-18} |{string.Concat(cells.Select(cell => $"{cell,9} |"))}";
}
