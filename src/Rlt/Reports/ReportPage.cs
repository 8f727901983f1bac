using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Rlt.Data;

namespace Rlt.Reports;

/// <summary>One HTML page that shows runs: style, script and data in it, and nothing fetched from elsewhere.</summary>
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

        return Filled(Resource("page.html"), new Dictionary<string, string>
        {
            ["title"] = WebUtility.HtmlEncode("rlt: " + string.Join(", ", runs.Select(run => run.Name))),
            ["style"] = Resource("page.css"),
            ["data"] = Embedded(ReportData.Of(runs, refreshSeconds)),
            ["details"] = details.ToString(),
            ["script"] = Resource("page.js"),
        });
    }

    // In a script element only "<" could end the data; JSON has it in texts alone, where an escape means the same.
    private static string Embedded(JsonObject value) => JsonLines.Line(value).Replace("<", "\\u003c", StringComparison.Ordinal);

    // Piece by piece, so that a text which holds a placeholder is not filled in itself.
    private static string Filled(string template, Dictionary<string, string> values)
    {
        var page = new StringBuilder();
        int at = 0;
        while (template.IndexOf("{{", at, StringComparison.Ordinal) is int open and >= 0)
        {
            int close = template.IndexOf("}}", open, StringComparison.Ordinal);
            page.Append(template, at, open - at).Append(values[template[(open + 2)..close]]);
            at = close + 2;
        }

        return page.Append(template, at, template.Length - at).ToString();
    }

    private static string Resource(string name)
    {
        using Stream stream = typeof(ReportPage).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
