using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Runs;

namespace Rlt.Reports;

/// <summary>A report's data as the page reads it: the runs' curves, the explanations, and beside them each one's token details.</summary>
public static class ReportData
{
    // More digits than a colour or a tooltip can show would only make the page larger.
    private const int Digits = 3;

    private static readonly string[] Details =
        ["explanation_spans", "teacher_logprobs", "student_logprobs", "solution_spans", "solution_logprobs", "solution_logprobs_without"];

    /// <summary>The data of the whole page but for the token details.</summary>
    /// <param name="runs">The runs.</param>
    /// <param name="refreshSeconds">After how many seconds the page reads itself again; 0: never.</param>
    public static JsonObject Of(IReadOnlyList<ReportRun> runs, int refreshSeconds) => new()
    {
        ["refresh_seconds"] = refreshSeconds,
        ["questions"] = Questions(runs),
        ["about"] = new JsonObject(Names(runs).Select(name => KeyValuePair.Create<string, JsonNode?>(name, MetricTexts.Of(name)))),
        ["runs"] = new JsonArray([.. runs.Select(Curves)]),
        ["samples"] = new JsonArray([.. runs.SelectMany((run, index) => run.Samples.Select(row => Sample(row, index)))]),
    };

    /// <summary>A sample's token details, rounded; null where its row has none, or not all.</summary>
    public static JsonObject? DetailsOf(JsonObject row)
    {
        if (row["details"] is not JsonObject details || !Details.All(key => details[key] is JsonArray))
        {
            return null;
        }

        return new JsonObject(Details.Select(key => KeyValuePair.Create<string, JsonNode?>(key, new JsonArray([.. details[key]!.AsArray().Select(Rounded)]))));
    }

    /// <summary>A text of a row; empty where it has none.</summary>
    internal static string Text(JsonObject row, string key) => row[key] is JsonValue value && value.TryGetValue(out string? text) ? text : "";

    private static JsonArray Questions(IReadOnlyList<ReportRun> runs)
    {
        ILookup<string, string> names = Names(runs).ToLookup(Metrics.Group);
        return new JsonArray([.. Metrics.Questions.Select(one => new JsonObject
        {
            ["title"] = one.Question,
            ["metrics"] = new JsonArray([.. one.Groups.SelectMany(group => names[group]).Select(name => (JsonNode)name)]),
        })]);
    }

    private static IEnumerable<string> Names(IEnumerable<ReportRun> runs) => runs.SelectMany(run => run.Metrics).SelectMany(Metrics.Numbers)
        .Select(metric => metric.Name).Where(name => name != "step").Distinct();

    private static JsonObject Curves(ReportRun run) => new()
    {
        ["name"] = run.Name,
        ["steps"] = new JsonArray([.. run.Metrics.Select(row => row["step"]!.DeepClone())]),
        ["seconds"] = Seconds(run.Metrics),
        ["warnings"] = new JsonArray([.. run.Metrics.Select(row => JsonArrays.Of(SilentFailures.Of(row)))]),
        ["resumes"] = JsonArrays.Of(run.Resumes),
        ["metrics"] = new JsonObject(Names([run]).Select(name =>
            KeyValuePair.Create<string, JsonNode?>(name, new JsonArray([.. run.Metrics.Select(row => row[name]?.DeepClone())])))),
    };

    // From the run's beginning to each step's end; null where the steps do not tell.
    private static JsonArray? Seconds(IReadOnlyList<JsonObject> rows)
    {
        double sum = 0;
        return rows.Count > 0 && rows.All(row => row["step_seconds"] is not null)
            ? new JsonArray([.. rows.Select(row => JsonValue.Create(Math.Round(sum += Metrics.Number(row["step_seconds"]!), 1)))])
            : null;
    }

    private static JsonObject Sample(JsonObject row, int run)
    {
        JsonNode? explanation = (row["details"] as JsonObject)?["explanation"] ?? row["completion"] ?? row["explanation"];
        return new JsonObject
        {
            ["run"] = run,
            ["step"] = row["step"]?.DeepClone(),
            ["question"] = Text(row, "question"),
            ["solution"] = Text(row, "solution"),
            ["explanation"] = explanation!.GetValue<string>(),
            ["reward"] = row["reward"]?.DeepClone(),
            ["solution_score"] = row["solution_score"]?.DeepClone(),
            ["think_kl"] = row["think_kl"]?.DeepClone(),
            ["length"] = Length(row)?.DeepClone(),
        };
    }

    private static JsonNode? Length(JsonObject row) => row["completion_tokens"] ?? row["explanation_tokens"] ?? (row["tokens"] as JsonObject)?["explanation"];

    private static JsonNode? Rounded(JsonNode? value) => value switch
    {
        null => null,
        JsonArray span => span.DeepClone(),
        _ => Math.Round(Metrics.Number(value), Digits),
    };
}
