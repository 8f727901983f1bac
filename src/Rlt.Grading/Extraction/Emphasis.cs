using System.Text.RegularExpressions;

namespace Rlt.Grading.Extraction;

/// <summary>Answers that are set in bold in a formula: <c>x = \mathbf{5}</c>.</summary>
/// <remarks>Bold in running text marks steps and intermediate numbers as often as answers; it says nothing.</remarks>
internal static partial class Emphasis
{
    /// <summary>The last bold answer of a text; null where there is none.</summary>
    public static string? Last(string text) =>
        Formula.All(text).LastOrDefault(formula => BoldDigits().IsMatch(formula.Text) && !BoldLetter().IsMatch(formula.Text)) is { } bold
            ? Bold(bold.Text) : null;

    // "h = 7, K = \mathbf{29}" and "1 + 2 \Rightarrow N = \mathbf{606}" state the bold equation.
    private static string Bold(string formula)
    {
        string part = TopLevelComma.Split(formula).LastOrDefault(part => BoldDigits().IsMatch(part) && part.Contains('=', StringComparison.Ordinal)) ?? formula;
        return Display.LastSide(part) is { } side && BoldDigits().IsMatch(side) ? side : Display.Readable(part);
    }

    [GeneratedRegex(@"\\(?:mathbf|textbf|boldsymbol|bm)\s*\{[^{}A-Za-z]*\d[^{}A-Za-z]*\}")]
    private static partial Regex BoldDigits();

    // Bold letters are vectors; beside them a bold 0 is one too.
    [GeneratedRegex(@"\\(?:mathbf|boldsymbol|bm)\s*\{?\s*[A-Za-z]")]
    private static partial Regex BoldLetter();
}
