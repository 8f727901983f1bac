using System.Text.RegularExpressions;

namespace Rlt.Grading.Equality;

/// <summary>Answers as text, without what only sets type: for words, choices, and whatever is no mathematics.</summary>
internal static partial class PlainForm
{
    private const int MostCharacters = 20_000;

    /// <summary>The plain form of an answer.</summary>
    public static string Of(string answer)
    {
        if (answer.Length > MostCharacters)
        {
            return answer.Trim();
        }

        string text = Doubled().Replace(answer, "\\");
        text = Fraction().Replace(Wrapper().Replace(text, ""), "\\frac");
        text = Ignored().Replace(text, "");
        return text.Trim('.', ',', ';', ':', '!', '"', '\'');
    }

    /// <summary>Whether two answers are the same text: letter for letter, words in any case, a choice with or without its brackets.</summary>
    public static bool Same(string expected, string actual)
    {
        (string a, string b) = (Of(expected), Of(actual));
        if (a == b || (Unbraced(a) == Unbraced(b) && Unbraced(a).All(char.IsAsciiLetter)))
        {
            return true;
        }

        if (Choice().Match(a) is { Success: true } choice && MarkedChoice().Match(actual.Trim()) is { Success: true } chosen)
        {
            return string.Equals(choice.Groups[1].Value, chosen.Groups[1].Value + chosen.Groups[2].Value, StringComparison.OrdinalIgnoreCase);
        }

        return Words().IsMatch(a) && string.Equals(Unbraced(a).TrimEnd('s'), Unbraced(b).TrimEnd('s'), StringComparison.OrdinalIgnoreCase);
    }

    private static string Unbraced(string text) => text.Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal);

    [GeneratedRegex(@"\\{2,}(?=[A-Za-z])")]
    private static partial Regex Doubled();

    [GeneratedRegex(@"\\[dtc]frac(?![A-Za-z])")]
    private static partial Regex Fraction();

    [GeneratedRegex(@"\\(?:text(?:bf|it|rm|normal|sf|tt)?|mathrm|mathbf|mathsf|mathit|boldsymbol|mbox|operatorname|left|right|displaystyle)(?![A-Za-z])")]
    private static partial Regex Wrapper();

    // Between digits a space may part two numbers.
    [GeneratedRegex(@"(?<!\d)\s+|\s+(?!\d)|\$|~|\*\*|\\[!,;: ()\[\]]|\\q?quad(?![A-Za-z])")]
    private static partial Regex Ignored();

    [GeneratedRegex(@"^[({]*([A-Za-z])[)}]*$")]
    private static partial Regex Choice();

    // "(B)", "B.", "B) 12", "\text{(B) }12": a letter marked as a choice, alone or before its text.
    [GeneratedRegex(@"^(?:\\(?:text|textbf|mathrm|mathbf)\s*\{)?\s*(?:(?i:option|choice|answer)[:\s]\s*)?(?:\(([A-Za-z])\)|([A-Za-z])(?:[).:]|(?=\}?$)))(?=\}?(?:\s|\\|$))")]
    private static partial Regex MarkedChoice();

    // Braces of \text{…} are left around words.
    [GeneratedRegex(@"^(?:[{]*[nN][oO][}]*|(?=.*\p{L}{3})[\p{L}\d{},.;:()'/-]*)$")]
    private static partial Regex Words();
}
