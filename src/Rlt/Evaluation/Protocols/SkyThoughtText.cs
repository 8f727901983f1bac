using System.Globalization;
using System.Text.RegularExpressions;

namespace Rlt.Evaluation.Protocols;

/// <summary>SkyThought's simplification of an answer's text before it is compared: the steps in its order.</summary>
internal static partial class SkyThoughtText
{
    private static readonly string[] Words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

    private static readonly (string From, string To)[] Signs =
    [
        ("\n", ""), ("\\!", ""), ("tfrac", "frac"), ("dfrac", "frac"), ("\\neq", "\\ne"),
        ("\\leq", "\\le"), ("\\geq", "\\ge"), ("\\left", ""), ("\\right", ""), ("\\{", "{"), ("\\}", "}"),
    ];

    private static readonly (string From, string To)[] Dropped =
    [
        ("^{\\circ}", ""), ("^\\circ", ""), ("\\$", ""), ("$", ""), ("\\(", ""), ("\\)", ""), ("\\%", ""),
        ("%", ""), ("x=", ""), ("y=", ""), ("z=", ""), ("x\\in", ""), ("y\\in", ""), ("z\\in", ""),
        ("x\\to", ""), ("y\\to", ""), ("z\\to", ""), ("(-\\infty,\\infty)", "\\mathbb{R}"), ("and", ""), ("\\mathbf", ""), ("thgrade", ""),
    ];

    /// <summary>The simplified text.</summary>
    public static string Strip(string answer)
    {
        string text = Replaced(answer.Trim().TrimEnd('.'), Signs);
        text = Matrix().Replace(text, "{pmatrix}");
        text = WordInText().Replace(text, word => Digit(word.Groups[1].Value) ?? word.Value);
        text = TrailingUnit().Replace(text, "") is { Length: > 0 } withoutUnit ? withoutUnit : text;
        text = Digit(text.Trim()) ?? TextCommand().Replace(Spaced().Replace(text, "$1"), "$1");
        text = Replaced(text, Dropped);
        text = Infinity().Replace(text, "\\infty");
        text = Boxed().Replace(text, "");
        text = text.Contains('j', StringComparison.Ordinal) && !text.Contains('i', StringComparison.Ordinal) ? text.Replace('j', 'i') : text;
        text = ZeroDecimals().Replace(text, "");
        text = text.StartsWith('.') ? "0" + text : LeadingPoint().Replace(text, "${1}0.");
        text = text.Split('=') is [{ Length: <= 2 }, var value] ? value : text;
        text = BareRoot().Replace(text, @"\sqrt{$1}");
        text = Blank().Replace(text, "");
        text = ShortFraction().Replace(text, @"\frac{$1}{$2}");
        text = Slash().Replace(text, @"\frac{$1}{$2}");
        return Sorted(text);
    }

    // A list of whole numbers is a set.
    private static string Sorted(string text) =>
        text.Contains(',', StringComparison.Ordinal) && text.Split(',') is var parts && parts.All(part => WholeNumber().IsMatch(part))
        ? string.Join(',', parts.OrderBy(part => int.Parse(part, CultureInfo.InvariantCulture)))
        : text;

    private static string? Digit(string word) =>
        Array.IndexOf(Words, word.Trim().ToLowerInvariant()) is var digit and >= 0 ? digit.ToString(CultureInfo.InvariantCulture) : null;

    private static string Replaced(string text, (string From, string To)[] pairs) =>
        pairs.Aggregate(text, (now, pair) => now.Replace(pair.From, pair.To, StringComparison.Ordinal));

    [GeneratedRegex(@"\{(?:array|bmatrix)\}(?:\{[lcr|]*\})?")]
    private static partial Regex Matrix();

    [GeneratedRegex(@"\\text\{\s*([a-z]+)\s*\}", RegexOptions.IgnoreCase)]
    private static partial Regex WordInText();

    [GeneratedRegex(@"\\text\{[^{}]*\}$")]
    private static partial Regex TrailingUnit();

    [GeneratedRegex(@"(?<=\s|^)\\ (?=\S)|\\ ")]
    private static partial Regex Spaced();

    [GeneratedRegex(@"\\text\{([^{}]*)\}")]
    private static partial Regex TextCommand();

    [GeneratedRegex(@"\\?\binf(?:inity)?\b")]
    private static partial Regex Infinity();

    [GeneratedRegex(@"\\mbox\{[^{}]*\}")]
    private static partial Regex Boxed();

    [GeneratedRegex(@"(?<=\d)\.0+(?=\D|$)")]
    private static partial Regex ZeroDecimals();

    [GeneratedRegex(@"([\s{(,])\.(?=\d)")]
    private static partial Regex LeadingPoint();

    [GeneratedRegex(@"\\?sqrt(?!\{)\s*(\w)")]
    private static partial Regex BareRoot();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blank();

    [GeneratedRegex(@"\\frac(\d)(\d)")]
    private static partial Regex ShortFraction();

    [GeneratedRegex(@"^(-?\d+)/(\d+)$")]
    private static partial Regex Slash();

    [GeneratedRegex(@"^-?\d{1,9}$")]
    private static partial Regex WholeNumber();
}
