using System.Text;
using System.Text.RegularExpressions;

namespace Rlt.Grading.Syntax;

/// <summary>Brings the many spellings of one sign to one: Unicode, doubled backslashes, explicit separators of thousands.</summary>
internal static partial class CleanText
{
    /// <summary>The cleaned text, for the lexer.</summary>
    public static string Of(string text)
    {
        string clean = Unicode(Script(Script(text, Superscripts(), "^", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻ⁿ"), Subscripts(), "_", "₀₁₂₃₄₅₆₇₈₉₋ₙ"));
        clean = DoubledBackslash().Matches(clean).Any(match => Commands.IsKnown(match.Groups[1].Value))
            ? clean.Replace("\\\\", "\\", StringComparison.Ordinal) : clean;
        clean = Quotient().Replace(Segment().Replace(Colour().Replace(clean, ""), "$1"), "\\text{ $1}");
        return Separator().Replace(clean.Replace("\\&", " and ", StringComparison.Ordinal), "");
    }

    // x¹² is x^{12}.
    private static string Script(string text, Regex run, string sign, string letters) =>
        run.Replace(text, found =>
            sign + "{" + string.Concat(found.Value.Select(letter => "0123456789-n"[letters.IndexOf(letter, StringComparison.Ordinal)])) + "}");

    private static string Unicode(string text)
    {
        if (text.All(char.IsAscii))
        {
            return text;
        }

        var clean = new StringBuilder(text.Length);
        foreach (char letter in text)
        {
            _ = letter switch
            {
                '−' or '–' or '—' or '‐' or '‑' or '－' => clean.Append('-'),
                '×' or '·' or '⋅' or '∙' or '•' or '∗' or '＊' => clean.Append('*'),
                '÷' or '∕' or '⁄' => clean.Append('/'),
                '⩽' or '≦' => clean.Append('≤'),
                '⩾' or '≧' => clean.Append('≥'),
                '≃' or '≅' => clean.Append('≈'),
                '√' => clean.Append("\\sqrt "),
                'π' => clean.Append("\\pi "),
                '½' => clean.Append("\\frac{1}{2}"),
                '¼' => clean.Append("\\frac{1}{4}"),
                '¾' => clean.Append("\\frac{3}{4}"),
                '⅓' => clean.Append("\\frac{1}{3}"),
                '⅔' => clean.Append("\\frac{2}{3}"),
                'º' or '˚' => clean.Append('°'),
                '∣' or '│' or '｜' => clean.Append('|'),
                '⟨' or '（' => clean.Append('('),
                '⟩' or '）' => clean.Append(')'),
                '，' or '、' => clean.Append(','),
                '’' or '′' => clean.Append('\''),
                '⋃' => clean.Append('∪'),
                '⋂' => clean.Append('∩'),
                'ℝ' => clean.Append("\\mathbb{R}"),
                'ℤ' => clean.Append("\\mathbb{Z}"),
                'ℕ' => clean.Append("\\mathbb{N}"),
                'ℚ' => clean.Append("\\mathbb{Q}"),
                'ℂ' => clean.Append("\\mathbb{C}"),
                '\u00a0' or '\u2009' or '\u202f' or '\u3000' => clean.Append(' '),
                '\u200b' or '\ufeff' or '\u2061' or '\u2062' => clean,
                >= '０' and <= '９' => clean.Append((char)(letter - '０' + '0')),
                _ => clean.Append(letter),
            };
        }

        return clean.ToString();
    }

    [GeneratedRegex("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻ⁿ]+")]
    private static partial Regex Superscripts();

    [GeneratedRegex("[₀₁₂₃₄₅₆₇₈₉₋ₙ]+")]
    private static partial Regex Subscripts();

    [GeneratedRegex(@"(?<!\\)\\\\([A-Za-z]+)")]
    private static partial Regex DoubledBackslash();

    // A colour, and what says before a value that it is one.
    [GeneratedRegex(@"\\(?:text)?color\s*\{[^{}]*\}|^[\s$]*(?:=|≈|\\(?:approx|thickapprox|simeq)(?![A-Za-z]))\s*")]
    private static partial Regex Colour();

    [GeneratedRegex(@"\\overline\s*\{\s*([A-Z]{2})\s*\}")]
    private static partial Regex Segment();

    // "9.8 m/s^2": a unit, no quotient of variables.
    [GeneratedRegex(@"(?<=\d)(?:\s|\\[ ,;:!]|~){0,4}([ck]?m/s(?:\^\{?2\}?)?|km/h|g/mol|k?J/mol|kg/m\^\{?3\}?)(?=[\s$]*$)")]
    private static partial Regex Quotient();

    [GeneratedRegex(@"(?<=\d)(?:,\\!|\{,\}\s*\\?!?|\\,|\\!,?)\s*(?=\d{3}(?!\d))")]
    private static partial Regex Separator();
}
