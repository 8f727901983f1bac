using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Rlt.Evaluation;

/// <summary>A page to browse what went wrong: one file without links to others, readable without scripts too.</summary>
public static class FailurePage
{
    private const int MostSamples = 1000;
    private const int MostHead = 4000;
    private const int MostTail = 8000;

    private const string Style = """
        body{font:14px/1.45 system-ui,sans-serif;margin:2em auto;max-width:70em;padding:0 1em;color:#1f2937}
        pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f3f4f6;padding:.8em;border-radius:4px}
        details{border-top:1px solid #e5e7eb;padding:.4em 0}summary{cursor:pointer}
        .tag{background:#fee2e2;border-radius:3px;padding:0 .4em;margin-left:.4em}label{margin-right:1.2em}
        """;

    private const string Script = """
        const find=document.getElementById('find'),kinds=[...document.querySelectorAll('input[type=checkbox]')],all=[...document.querySelectorAll('details')];
        function show(){const on=kinds.filter(k=>k.checked).map(k=>k.value),text=find.value.toLowerCase();let n=0;
        for(const d of all){d.hidden=!(on.includes(d.dataset.kind)&&d.textContent.toLowerCase().includes(text));n+=d.hidden?0:1}
        document.getElementById('count').textContent=n+' shown'}
        kinds.forEach(k=>k.onchange=show);find.oninput=show;show();
        """;

    /// <summary>The page of the samples that are not right.</summary>
    /// <param name="summary">The evaluation's figures.</param>
    /// <param name="rows">All rows, in order.</param>
    /// <param name="samples">Rows a question.</param>
    public static string Html(JsonObject summary, IReadOnlyList<JsonObject> rows, int samples)
    {
        JsonObject[] failures = [.. rows.Where(row => !EvalRow.IsCorrect(row))];
        Dictionary<int, int> right = rows.GroupBy(row => EvalRow.Key(row).Index).ToDictionary(group => group.Key, group => group.Count(EvalRow.IsCorrect));
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Failures</title><style>{Style}</style>\n");
        page.Append(CultureInfo.InvariantCulture,
            $"<h1>{Text(summary["benchmark"] ?? summary["data"])}</h1><p>{Text(summary["model"])}</p><pre>{Text(EvalSummary.Table(summary))}</pre>\n");
        page.Append(CultureInfo.InvariantCulture, $"<p>{failures.Length} of {rows.Count} samples are not "
            + $"right{(failures.Length > MostSamples ? $"; the first {MostSamples} are here, all are in {Evaluator.FileName}" : "")}.</p>\n");
        page.Append("<p>");
        foreach ((string kind, string name) in new[] { ("wrong", "wrong answer"), ("none", "no answer found"), ("cut", "truncated") })
        {
            page.Append(CultureInfo.InvariantCulture,
                $"<label><input type=\"checkbox\" value=\"{kind}\" checked> {name} ({failures.Count(row => Kind(row) == kind)})</label>");
        }

        page.Append("<input id=\"find\" placeholder=\"search\"> <span id=\"count\"></span></p>\n");
        foreach (JsonObject row in failures.Take(MostSamples))
        {
            Append(page, row, right[EvalRow.Key(row).Index], samples);
        }

        return page.Append(CultureInfo.InvariantCulture, $"<script>{Script}</script></html>\n").ToString();
    }

    private static void Append(StringBuilder page, JsonObject row, int right, int samples)
    {
        page.Append(CultureInfo.InvariantCulture, $"<details data-kind=\"{Kind(row)}\"><summary>{Text(row["id"] ?? row["index"])} "
            + $"· sample {row["sample"]} · expected <b>{Text(row["answer"])}</b>, found <b>{Text(row["extracted"] ?? "none")}</b>");
        page.Append(CultureInfo.InvariantCulture,
            $" · {right} of {samples} right{(EvalRow.IsTruncated(row) ? "<span class=\"tag\">truncated</span>" : "")}</summary>\n");
        if (row["response"] is { } response)
        {
            page.Append(CultureInfo.InvariantCulture, $"<pre>{Text(row["prompt"])}</pre><pre>{Text(Shortened(response.ToString()))}</pre>\n");
        }

        page.Append("</details>\n");
    }

    private static string Kind(JsonObject row) => EvalRow.IsTruncated(row) ? "cut" : EvalRow.Extracted(row) is null ? "none" : "wrong";

    private static string Shortened(string text) => text.Length <= MostHead + MostTail ? text
        : $"{text[..MostHead]}\n\n[… {text.Length - MostHead - MostTail} characters left out …]\n\n{text[^MostTail..]}";

    private static string Text(JsonNode? node) => WebUtility.HtmlEncode(node?.ToString() ?? "");
}
