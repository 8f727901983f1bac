using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Rlt.Text.Jinja.Values;

/// <summary>Python's view of strings: sequences of code points, with Python's notion of whitespace.</summary>
internal static class PyText
{
    /// <summary>The text of a string or of safe HTML.</summary>
    public static bool TryGet(object value, [NotNullWhen(true)] out string? text)
    {
        text = value as string ?? (value as Markup)?.Text;
        return text is not null;
    }

    public static bool IsSpace(char character) =>
        char.IsWhiteSpace(character) || character is >= '\x1c' and <= '\x1f';

    /// <summary>Whether there is at least one character and all are whitespace.</summary>
    public static bool IsBlank(ReadOnlySpan<char> text)
    {
        foreach (char character in text)
        {
            if (!IsSpace(character))
            {
                return false;
            }
        }

        return !text.IsEmpty;
    }

    public static string Trim(string text) => TrimStart(TrimEnd(text));

    public static string TrimStart(string text)
    {
        int start = 0;
        while (start < text.Length && IsSpace(text[start]))
        {
            start++;
        }

        return text[start..];
    }

    public static string TrimEnd(string text)
    {
        int end = text.Length;
        while (end > 0 && IsSpace(text[end - 1]))
        {
            end--;
        }

        return text[..end];
    }

    /// <summary>The number of code points.</summary>
    public static int Length(string text)
    {
        int pairs = 0;
        for (int i = 0; i + 1 < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && char.IsLowSurrogate(text[i + 1]))
            {
                pairs++;
                i++;
            }
        }

        return text.Length - pairs;
    }

    /// <summary>The text's code points, each as a string.</summary>
    public static IEnumerable<string> CodePoints(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            bool isPair = i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]);
            yield return isPair ? text.Substring(i, 2) : text[i].ToString();
            i += isPair ? 1 : 0;
        }
    }

    public static bool HasSurrogates(string text) => text.AsSpan().IndexOfAnyInRange('\ud800', '\udfff') >= 0;

    /// <summary>The index in UTF-16 units of a code point.</summary>
    public static int UnitIndex(string text, int codePoint)
    {
        int unit = 0;
        for (; codePoint > 0 && unit < text.Length; codePoint--)
        {
            unit += unit + 1 < text.Length && char.IsSurrogatePair(text[unit], text[unit + 1]) ? 2 : 1;
        }

        return unit;
    }

    /// <summary>Orders by code point; UTF-16 units would put characters beyond U+FFFF before U+E000.</summary>
    public static int Compare(string left, string right)
    {
        int common = left.AsSpan().CommonPrefixLength(right);
        if (common == left.Length || common == right.Length)
        {
            return left.Length.CompareTo(right.Length);
        }

        char a = left[common];
        char b = right[common];
        return char.IsSurrogate(a) == char.IsSurrogate(b) ? a.CompareTo(b) : char.IsSurrogate(a) ? (b >= 0xE000 ? 1 : a.CompareTo(b))
            : a >= 0xE000 ? -1 : a.CompareTo(b);
    }

    public static string Upper(string text)
    {
        string upper = text.ToUpperInvariant();
        return Ascii.IsValid(upper) ? upper : ReplaceEach(upper, UpperExpansion);
    }

    public static string Lower(string text) =>
        text.ToLowerInvariant().Replace("İ", "i̇", StringComparison.Ordinal);

    /// <summary>The first code point in title case, the others in lower case.</summary>
    public static string Capitalize(string text)
    {
        if (text.Length == 0)
        {
            return text;
        }

        int first = UnitIndex(text, 1);
        string upper = Upper(text[..first]);
        string title = upper.Length > first ? upper[..1] + Lower(upper[1..]) : upper;
        return title + Lower(text[first..]);
    }

    /// <summary>Python's str.title: a letter behind a character without case is upper case, others lower case.</summary>
    public static string Title(string text)
    {
        var result = new StringBuilder(text.Length);
        bool isInside = false;
        foreach (string point in CodePoints(text))
        {
            result.Append(isInside ? Lower(point) : Capitalize(point));
            isInside = IsCased(point);
        }

        return result.ToString();
    }

    public static bool IsCased(string point) =>
        char.GetUnicodeCategory(point, 0) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter;

    /// <summary>Lines at every boundary Python's str.splitlines knows.</summary>
    public static List<string> SplitLines(string text, bool keepEnds = false)
    {
        var lines = new List<string>();
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] is not ((>= '\n' and <= '\r') or (>= '\x1c' and <= '\x1e') or '\x85' or '\u2028' or '\u2029'))
            {
                continue;
            }

            int end = i;
            if (text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n')
            {
                i++;
            }

            lines.Add(text[start..(keepEnds ? i + 1 : end)]);
            start = i + 1;
        }

        if (start < text.Length)
        {
            lines.Add(text[start..]);
        }

        return lines;
    }

    /// <summary>Replaces the characters that HTML gives a meaning.</summary>
    public static string Escape(string text) => text
        .Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace("'", "&#39;", StringComparison.Ordinal)
        .Replace("\"", "&#34;", StringComparison.Ordinal);

    private static string UpperExpansion(char character) => character switch
    {
        'ß' => "SS",
        'ŉ' => "ʼN",
        'ǰ' => "J̌",
        'ﬀ' => "FF",
        'ﬁ' => "FI",
        'ﬂ' => "FL",
        'ﬃ' => "FFI",
        'ﬄ' => "FFL",
        'ﬅ' or 'ﬆ' => "ST",
        _ => character.ToString(),
    };

    private static string ReplaceEach(string text, Func<char, string> replacement)
    {
        var result = new StringBuilder(text.Length + 8);
        foreach (char character in text)
        {
            result.Append(replacement(character));
        }

        return result.ToString();
    }
}
