using System.Globalization;
using Rlt.Statistics;

namespace Rlt.Reports.Studies;

/// <summary>Numbers and texts as reports write them.</summary>
internal static class Figures
{
    /// <summary>What stands between the seeds' figures.</summary>
    public const string Between = " · ";

    /// <summary>A share in percent.</summary>
    public static string Percent(double share) => (100 * share).ToString("0.0", CultureInfo.InvariantCulture) + "%";

    /// <summary>A share with its interval.</summary>
    public static string Percent(double share, Interval interval) => $"{Percent(share)} ({Plain(interval.Low)} to {Plain(interval.High)})";

    /// <summary>A difference of shares in points, with its sign.</summary>
    public static string Points(double difference) =>
        (100 * difference).ToString(IsSmall(difference) ? "+0.0##;−0.0##;0.0" : "+0.0;−0.0;0.0", CultureInfo.InvariantCulture);

    /// <summary>An interval of a difference of shares, in points.</summary>
    public static string Points(Interval interval) => $"{Plain(interval.Low)} to {Plain(interval.High)}";

    /// <summary>A number of any kind.</summary>
    public static string Number(double value) => value.ToString("0.000;−0.000;0.000", CultureInfo.InvariantCulture);

    /// <summary>A correlation.</summary>
    public static string Correlation(double r) => r.ToString("0.00;−0.00;0.00", CultureInfo.InvariantCulture);

    /// <summary>An interval of a correlation.</summary>
    public static string Correlation(Interval interval) => $"{Correlation(interval.Low)} to {Correlation(interval.High)}";

    /// <summary>A field of traces or metrics by its name: lengths whole, shares in percent.</summary>
    public static string Field(string name, double value) => name switch
    {
        "explanation_tokens" or "completion_tokens" => value.ToString("0", CultureInfo.InvariantCulture),
        "leaks_early" or "copies_solution" or "empty" => Percent(value),
        _ => Number(value),
    };

    /// <summary>A field's name as a heading.</summary>
    public static string Heading(string name) => name == "think_kl" ? "think KL" : name.Replace('_', ' ');

    /// <summary>A text as a cell of a Markdown table.</summary>
    public static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ");

    /// <summary>A row of a Markdown table.</summary>
    public static string Row(IEnumerable<string> cells) => $"| {string.Join(" | ", cells)} |\n";

    /// <summary>A Markdown table's heading.</summary>
    public static string Head(IReadOnlyCollection<string> cells) => Row(cells) + "|" + string.Concat(cells.Select(_ => "---|")) + "\n";

    private static string Plain(double share) => (100 * share).ToString(IsSmall(share) ? "0.0##;−0.0##;0.0" : "0.0;−0.0;0.0", CultureInfo.InvariantCulture);

    // What is not zero is not shown as if it were: an interval's end just above zero decides.
    private static bool IsSmall(double share) => Math.Abs(share) < 0.0005;
}
