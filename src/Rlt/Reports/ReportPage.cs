using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Pages;
using Rlt.Runs;

namespace Rlt.Reports;

/// <summary>One HTML page that shows runs: explanations, evaluations, settings and curves.</summary>
public static class ReportPage
{
    /// <summary>The page.</summary>
    /// <param name="runs">What it shows.</param>
    /// <param name="refreshSeconds">After how many seconds the page reads itself again; 0: never.</param>
    public static string Html(IReadOnlyList<ReportRun> runs, int refreshSeconds)
    {
        // Each sample's details are parsed when it is opened, so that a page of thousands opens at once.
        var details = new StringBuilder();
        JsonObject?[] all = [.. runs.SelectMany(run => run.Samples).Select(ReportData.DetailsOf)];
        for (int i = 0; i < all.Length; i++)
        {
            if (all[i] is { } one)
            {
                details.Append("<script type=\"application/json\" id=\"detail-").Append(i).Append("\">").Append(Embedded(one)).Append("</script>\n");
            }
        }

        return HtmlTemplate.Fill("report.html", new Dictionary<string, string>
        {
            ["title"] = Text("rlt: " + string.Join(", ", runs.Select(run => run.Name))),
            ["evaluations"] = Evaluations(runs),
            ["settings"] = Settings(runs),
            ["data"] = Embedded(ReportData.Of(runs, refreshSeconds)),
            ["details"] = details.ToString(),
        });
    }

    private static string Evaluations(IReadOnlyList<ReportRun> runs) => Table(
        "evaluations", "Evaluations", ["run", "of", "accuracy (95% interval)", "", "questions", "samples", "truncated", "no answer", "tokens"],
        runs.Where(run => run.Evaluation is not null).Select(run => (run.Name, run.Evaluation!)).Select(Row));

    private static string[] Row((string Name, EvaluatedRun Run) evaluated)
    {
        (string name, EvaluatedRun run) = evaluated;
        string of = run.Summary["benchmark"]?.ToString() ?? Path.GetFileName(run.Summary["data"]?.ToString() ?? "");
        return
        [
            Text(name), Text(of), run.Accuracy, IntervalBar(run), Text(run.Summary["questions"]!.ToString()), Text(run.Summary["samples"]!.ToString()),
            run.Share("truncated"), run.Share("no_answer"), run.Tokens,
        ];
    }

    private static string IntervalBar(EvaluatedRun run) => run.Interval is not { } ends ? "" : string.Create(
        CultureInfo.InvariantCulture, $"<div class=\"interval\" style=\"--low:{100 * ends.Low:0.0}%;--high:{100 * ends.High:0.0}%;"
            + $"--at:{100 * Metrics.Number(run.Summary["accuracy"]!):0.0}%\"></div>");

    private static string Settings(IReadOnlyList<ReportRun> runs) => string.Concat(RunSettings.OfOneKind(runs).Select((alike, place) => Table(
        $"settings-{place}", $"Settings that differ: {Text(string.Join(", ", alike.Select(run => run.Name)))}",
        ["setting", .. alike.Select(run => Text(run.Name))],
        RunSettings.Differences([.. alike.Select(run => run.Settings)])
            .Select(setting => (string[])[Text(setting.Key), .. setting.Values.Select(value => Text(value ?? "–"))]))));

    // Nothing where there is no row. Cells are HTML already.
    private static string Table(string id, string title, string[] columns, IEnumerable<string[]> rows)
    {
        string body = string.Concat(rows.Select(row => $"<tr>{string.Concat(row.Select(cell => $"<td>{cell}</td>"))}</tr>\n"));
        string head = string.Concat(columns.Select(column => $"<th>{column}</th>"));
        return body.Length == 0 ? "" : $"<section aria-labelledby=\"{id}-title\">\n<h2 id=\"{id}-title\">{title}</h2>\n"
            + $"<div class=\"scroll\"><table id=\"{id}\">\n<tr>{head}</tr>\n{body}</table></div>\n</section>\n";
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    // In a script element only "<" could end the data; JSON has it in texts alone, where an escape means the same.
    private static string Embedded(JsonObject value) => JsonLines.Line(value).Replace("<", "\\u003c", StringComparison.Ordinal);
}
