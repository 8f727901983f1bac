using System.Text.RegularExpressions;

namespace Rlt.Evaluation.Grading.Extraction;

/// <summary>A formula between math delimiters.</summary>
/// <param name="Text">What the delimiters hold.</param>
/// <param name="Start">The place of the opening delimiter.</param>
/// <param name="End">The place after the closing one.</param>
internal sealed partial record Formula(string Text, int Start, int End)
{
    /// <summary>All formulas of a text. A pair of currency signs around words is none.</summary>
    public static IReadOnlyList<Formula> All(string text)
    {
        var formulas = new List<Formula>();
        for (int at = 0; at < text.Length && Delimited().Match(text, at) is { Success: true } match;)
        {
            string inner = match.Groups.Values.Skip(1).First(group => group.Success).Value;
            bool isFormula = !Prose().IsMatch(Command().Replace(inner, " ")) && inner.Trim().Length > 0 && !EndsOpen().IsMatch(inner);
            if (isFormula)
            {
                formulas.Add(new Formula(inner, match.Index, match.Index + match.Length));
            }

            at = match.Index + (isFormula ? match.Length : 1);
        }

        return formulas;
    }

    [GeneratedRegex(@"\$\$((?:[^$\\]|\\.)+?)\$\$|(?<!\\)\$((?:[^$\\]|\\.)+?)\$|\\\(((?:(?!\\\)).)+?)\\\)|\\\[((?:(?!\\\]).)+?)\\\]", RegexOptions.Singleline)]
    private static partial Regex Delimited();

    [GeneratedRegex(@"\\(?:text|textbf|mbox|mathrm|operatorname|textnormal|textrm|begin|end)\s*\{[^{}]*\}|\\[A-Za-z]+")]
    private static partial Regex Command();

    [GeneratedRegex(@"(?:\p{L}{3,}\s+\p{L}{2,})|\n\s*\n|\b(?:the|for|per|each|and she|and he)\b")]
    private static partial Regex Prose();

    [GeneratedRegex(@"[+\-=*/]\s*$")]
    private static partial Regex EndsOpen();
}
