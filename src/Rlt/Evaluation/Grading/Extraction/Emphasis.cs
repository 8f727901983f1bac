using System.Text.RegularExpressions;

namespace Rlt.Evaluation.Grading.Extraction;

/// <summary>Answers that are set in bold: a number in <c>\mathbf{…}</c> or <c>**…**</c>.</summary>
internal static partial class Emphasis
{
    /// <summary>The last bold answer of a text; null where there is none.</summary>
    /// <param name="text">The text.</param>
    /// <param name="at">Its place.</param>
    public static string? Last(string text, out int at)
    {
        Formula? formula = Formula.All(text).LastOrDefault(formula => BoldDigits().IsMatch(formula.Text) && !BoldLetter().IsMatch(formula.Text));
        Match? words = BoldText().Matches(text).LastOrDefault(bold => Statement.IsValue(bold.Groups[1].Value));
        at = Math.Max(formula?.Start ?? -1, words?.Index ?? -1);
        return at < 0 ? null : at == words?.Index ? words.Groups[1].Value.Trim().Trim('$').TrimEnd('.') : Bold(formula!.Text);
    }

    // "h = 7, K = \mathbf{29}" and "1 + 2 \Rightarrow N = \mathbf{606}" state the bold equation.
    private static string Bold(string formula)
    {
        string part = TopLevelComma.Split(formula).LastOrDefault(part => BoldDigits().IsMatch(part) && part.Contains('=', StringComparison.Ordinal)) ?? formula;
        return Display.LastSide(part) is { } side && BoldDigits().IsMatch(side) ? side : Display.Readable(part);
    }

    [GeneratedRegex(@"\\(?:mathbf|textbf|boldsymbol|bm)\s*\{[^{}A-Za-z]*\d[^{}A-Za-z]*\}")]
    private static partial Regex BoldDigits();

    // Beside bold letters, which are vectors, 0 is one too.
    [GeneratedRegex(@"\\(?:mathbf|boldsymbol|bm)\s*\{?\s*[A-Za-z]")]
    private static partial Regex BoldLetter();

    [GeneratedRegex(@"\*\*([^*\n]{1,80})\*\*")]
    private static partial Regex BoldText();
}
