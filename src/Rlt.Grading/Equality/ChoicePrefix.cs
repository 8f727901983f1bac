using System.Text.RegularExpressions;

namespace Rlt.Grading.Equality;

/// <summary>A choice's letter before its text: <c>\textbf{(D) } 32</c>, "D) 32", "D. 32".</summary>
/// <param name="Letter">The letter.</param>
/// <param name="Text">What stands after it.</param>
internal sealed partial record ChoicePrefix(string Letter, string Text)
{
    /// <summary>The letter and text of an answer; null where it does not begin with a marked letter.</summary>
    public static ChoicePrefix? Of(string answer) =>
        Marked().Match(answer) is { Success: true } prefix && answer[prefix.Length..].Trim(' ', '~', '$', '}') is { Length: > 0 } text
            && !Operator().IsMatch(text)
            ? new ChoicePrefix(prefix.Groups["letter"].Value, Braced(answer, text))
            : null;

    // Of "\text{(D) 32}" the brace that was opened before the letter closes after the text.
    private static string Braced(string answer, string text) =>
        answer.TrimEnd().EndsWith(text + "}", StringComparison.Ordinal) && text.Count(letter => letter == '{') > text.Count(letter => letter == '}')
            ? text + "}" : text;

    [GeneratedRegex(@"^[\s$]*(?:\\(?:text|textbf|textrm|mathrm|mathbf|mbox|bf)\s*\{?\s*)?\{?\s*(?:\((?<letter>[A-J])\)(?=[}\s~\\$]|\d)|(?<letter>[A-J])(?:\)|[.:](?=[\s}~\\])))\s*\}?(?:[\s~$]|\\[,;:! ]|\\q?quad(?![A-Za-z]))*", RegexOptions.CultureInvariant)]
    private static partial Regex Marked();

    [GeneratedRegex(@"^(?:[+*/^=<>≤≥,]|\\(?:cdot|times|cup|cap|leq?|geq?|div|pm|in)(?![A-Za-z]))")]
    private static partial Regex Operator();
}
