using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Rlt.Pages;

namespace Rlt.Evaluation;

/// <summary>A page to browse what went wrong: one file without links to others, readable without scripts too.</summary>
public static class FailurePage
{
    private const int MostSamples = 1000;
    private const int MostAnswers = 10;
    private const int MostHead = 4000;
    private const int MostTail = 8000;
    private const int MostQuestion = 300;

    private static readonly (string Kind, string Name)[] Kinds = [("wrong", "wrong answer"), ("none", "no answer found"), ("cut", "truncated")];

    /// <summary>The page of the samples that are not right.</summary>
    /// <param name="summary">The evaluation's figures.</param>
    /// <param name="rows">All rows, in order.</param>
    /// <param name="samples">Rows a question.</param>
    public static string Html(JsonObject summary, IReadOnlyList<JsonObject> rows, int samples)
    {
        JsonObject[] failures = [.. rows.Where(row => !EvalRow.IsCorrect(row))];
        Dictionary<int, int> right = rows.GroupBy(row => EvalRow.Key(row).Index).ToDictionary(group => group.Key, group => group.Count(EvalRow.IsCorrect));
        IGrouping<string, JsonObject>[] answers =
        [
            .. failures.Where(row => EvalRow.Extracted(row) is not null).GroupBy(row => EvalRow.Extracted(row)!)
                .OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal).Take(MostAnswers),
        ];
        return HtmlTemplate.Fill("failures.html", new Dictionary<string, string>
        {
            ["title"] = Text(summary["benchmark"] ?? summary["data"]),
            ["model"] = Text(summary["model"]),
            ["figures"] = string.Concat(EvalSummary.Figures(summary).Select(figure => $"<tr><th>{figure.Name}</th><td>{Text(figure.Value)}</td></tr>\n")),
            ["answers"] = Commonest(answers),
            ["count"] = $"{failures.Length} of {rows.Count} samples are not right"
                + (failures.Length > MostSamples ? $"; the first {MostSamples} are here, all are in {Evaluator.FileName}." : "."),
            ["kinds"] = string.Join('\n', Kinds.Select(kind =>
                $"<label><input type=\"checkbox\" value=\"{kind.Kind}\" checked> {kind.Name} ({failures.Count(row => Kind(row) == kind.Kind)})</label>")),
            ["found"] = string.Concat(answers.Select(answer => $"<option>{Text(answer.Key)}</option>")),
            ["samples"] = string.Concat(failures.Take(MostSamples).Select(row => Sample(row, right[EvalRow.Key(row).Index], samples))),
        });
    }

    private static string Commonest(IGrouping<string, JsonObject>[] answers)
    {
        var table = new StringBuilder("<tr><th>found</th><th class=\"number\">samples</th><th class=\"number\">questions</th><th>expected there</th></tr>\n");
        foreach (IGrouping<string, JsonObject> answer in answers)
        {
            int questions = answer.DistinctBy(row => EvalRow.Key(row).Index).Count();
            string[] expected = [.. answer.Select(row => row["answer"]?.ToString() ?? "").Distinct()];
            table.Append(CultureInfo.InvariantCulture, $"<tr><td><button type=\"button\" data-found=\"{Text(answer.Key)}\">{Text(answer.Key)}</button></td>"
                + $"<td class=\"number\">{answer.Count()}</td><td class=\"number\">{questions}</td>"
                + $"<td>{Text(string.Join(", ", expected.Take(5)) + (expected.Length > 5 ? ", …" : ""))}</td></tr>\n");
        }

        return answers.Length > 0 ? table.ToString() : "<tr><td>none: no sample states a wrong answer</td></tr>\n";
    }

    private static string Sample(JsonObject row, int right, int samples)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"<details data-kind=\"{Kind(row)}\" data-solved=\"{(right == 0 ? "never" : "sometimes")}\" "
            + $"data-found=\"{Text(row["extracted"])}\"><summary><span class=\"quiet\">{Text(row["id"] ?? row["index"])} · sample {row["sample"]}</span>");
        if (row["question"] is { } question)
        {
            text.Append(CultureInfo.InvariantCulture, $"<span class=\"q\">{Text(Head(question.ToString()))}</span>");
        }

        text.Append(CultureInfo.InvariantCulture, $"<span>expected <b>{Text(row["answer"])}</b>, found <b>{Text(row["extracted"] ?? "none")}</b></span>"
            + $"<span class=\"quiet\">{right} of {samples} right</span>{(EvalRow.IsTruncated(row) ? "<span class=\"tag\">truncated</span>" : "")}</summary>\n");
        if (row["response"] is { } response)
        {
            text.Append(CultureInfo.InvariantCulture, $"<pre>{Text(row["prompt"])}</pre><pre>{Text(Shortened(response.ToString()))}</pre>\n");
        }

        return text.Append("</details>\n").ToString();
    }

    private static string Kind(JsonObject row) => EvalRow.IsTruncated(row) ? "cut" : EvalRow.Extracted(row) is null ? "none" : "wrong";

    private static string Head(string text) => text.Length <= MostQuestion ? text : text[..MostQuestion] + "…";

    private static string Shortened(string text) => text.Length <= MostHead + MostTail ? text
        : $"{text[..MostHead]}\n\n[… {text.Length - MostHead - MostTail} characters left out …]\n\n{text[^MostTail..]}";

    private static string Text(JsonNode? node) => WebUtility.HtmlEncode(node?.ToString() ?? "");
}
