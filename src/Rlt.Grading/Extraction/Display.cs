using System.Text.RegularExpressions;
using Rlt.Grading.Syntax;

namespace Rlt.Grading.Extraction;

/// <summary>Displayed formulas: several lines of which the last states the result.</summary>
internal static partial class Display
{
    private const string Relations = "=≈≡⇒<>≤≥";

    /// <summary>The text with every display on one line, so that no sentence ends inside it.</summary>
    public static string OnOneLine(string text) => !text.Contains('\n', StringComparison.Ordinal) ? text
        : Block().Replace(text, display => LineBreak().Replace(display.Value, " "));

    /// <summary>The last row of aligned rows, without its alignment and equation number; any other formula as it is.</summary>
    public static string LastRow(string formula)
    {
        if (Aligned().Match(formula) is not { Success: true } aligned)
        {
            return formula;
        }

        string rows = aligned.Groups[1].Value;
        string row = RowEnd().Split(rows).LastOrDefault(part => !string.IsNullOrWhiteSpace(part)) ?? rows;
        return Tag().Replace(row, "").Replace("&", "", StringComparison.Ordinal).Trim().TrimEnd('.', ',', ' ');
    }

    /// <summary>A formula that reads as mathematics: the whole, else what follows its last equals sign or arrow; the whole where neither does.</summary>
    public static string Readable(string formula)
    {
        string text = formula.Trim().TrimEnd('.', ',', ' ').TrimStart('=', ' ');
        return AnswerParser.TryParse(text) is not null || LastSide(text) is not { } side || AnswerParser.TryParse(side) is null ? text : side;
    }

    /// <summary>What follows the last relation of a formula, outside brackets; null where there is none.</summary>
    public static string? LastSide(string text)
    {
        string plain = Arrow().Replace(text, arrow => "⇒".PadRight(arrow.Length));
        int depth = 0, last = -1;
        for (int at = 0; at < plain.Length; at++)
        {
            depth += plain[at] is '{' or '(' or '[' ? 1 : plain[at] is '}' or ')' or ']' ? -1 : 0;
            last = depth == 0 && Relations.Contains(plain[at], StringComparison.Ordinal) ? at : last;
        }

        return last < 0 ? null : plain[(last + 1)..].Trim().TrimEnd('.', ',', ' ');
    }

    [GeneratedRegex(@"\$\$(?:(?!\$\$)[\s\S]){1,3000}\$\$|\\\[(?:(?!\\\])[\s\S]){1,3000}\\\]")]
    private static partial Regex Block();

    [GeneratedRegex(@"[ \t]*(?:\r?\n[ \t]*)+")]
    private static partial Regex LineBreak();

    [GeneratedRegex(@"^\s*\\begin\{(?:aligned|align\*?|gathered|gather\*?|split|eqnarray\*?)\}([\s\S]*?)(?:\\end\{[a-z*]+\}[\s.,]*)?$")]
    private static partial Regex Aligned();

    [GeneratedRegex(@"\\\\(?:\s*\[[^\]]{0,12}\])?")]
    private static partial Regex RowEnd();

    [GeneratedRegex(@"\\tag\*?\{[^{}]*\}|\\(?:nonumber|notag)(?![A-Za-z])")]
    private static partial Regex Tag();

    [GeneratedRegex(@"\\(?:Rightarrow|Longrightarrow|implies|equiv|doteq|approx|leq?|geq?|leqslant|geqslant)(?![A-Za-z])|=>")]
    private static partial Regex Arrow();
}
