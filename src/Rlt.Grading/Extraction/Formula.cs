using System.Text.RegularExpressions;

namespace Rlt.Grading.Extraction;

/// <summary>A formula between math delimiters.</summary>
/// <param name="Text">What the delimiters hold; of aligned rows, the last.</param>
/// <param name="Start">The place of the opening delimiter.</param>
/// <param name="End">The place after the closing one.</param>
internal sealed partial record Formula(string Text, int Start, int End)
{
    private const int MostCharacters = 2000;

    private static readonly (string Open, string Close)[] Delimiters = [("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]")];

    /// <summary>All formulas of a text. A pair of currency signs around words is none.</summary>
    public static IReadOnlyList<Formula> All(string text)
    {
        var formulas = new List<Formula>();
        for (int at = 0; at < text.Length; at++)
        {
            if (text[at] is not ('$' or '\\'))
            {
                continue;
            }

            if (At(text, at) is { } formula)
            {
                formulas.Add(formula);
                at = formula.End - 1;
            }
            else
            {
                // An escaped character opens nothing.
                at += text[at] == '\\' ? 1 : 0;
            }
        }

        return formulas;
    }

    private static Formula? At(string text, int start)
    {
        foreach ((string open, string close) in Delimiters)
        {
            int from = start + open.Length;
            if (string.CompareOrdinal(text, start, open, 0, open.Length) == 0 && Closing(text, from, close) is var end and >= 0
                && Display.LastRow(text[from..end]) is var inner && IsFormula(inner))
            {
                return new Formula(inner, start, end + close.Length);
            }
        }

        return null;
    }

    private static int Closing(string text, int from, string close)
    {
        int last = Math.Min(text.Length, from + MostCharacters);
        for (int at = from; at < last; at++)
        {
            if (string.CompareOrdinal(text, at, close, 0, close.Length) == 0)
            {
                return at;
            }

            at += text[at] == '\\' ? 1 : 0;
        }

        return -1;
    }

    private static bool IsFormula(string inner) =>
        !string.IsNullOrWhiteSpace(inner) && !Prose().IsMatch(Command().Replace(inner, " ")) && !EndsOpen().IsMatch(inner);

    [GeneratedRegex(@"\\(?:text|textbf|mbox|mathrm|operatorname|textnormal|textrm|begin|end)\s*\{[^{}]*\}|\\[A-Za-z]+")]
    private static partial Regex Command();

    [GeneratedRegex(@"(?:\p{L}{3,}\s+\p{L}{2,})|\n\s*\n|\b(?:the|for|per|each)\b")]
    private static partial Regex Prose();

    [GeneratedRegex(@"[+\-=*/]\s*$")]
    private static partial Regex EndsOpen();
}
