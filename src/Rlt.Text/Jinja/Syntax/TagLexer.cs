using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;

namespace Rlt.Text.Jinja.Syntax;

/// <summary>Reads single tokens inside tags: names, numbers, strings and operators.</summary>
internal sealed partial class TagLexer(string source, string name)
{
    private static readonly string[] s_operators = ["//", "**", "==", "!=", ">=", "<="];

    /// <summary>The token at a position that is not whitespace.</summary>
    public Token Read(int position, int line, out int next)
    {
        char first = source[position];
        if (char.IsAsciiDigit(first))
        {
            return ReadNumber(position, line, out next);
        }

        if (char.IsLetter(first) || first == '_')
        {
            next = position;
            while (next < source.Length && (char.IsLetterOrDigit(source[next]) || source[next] == '_'))
            {
                next++;
            }

            return new Token(TokenKind.Name, source[position..next], line);
        }

        return first is '\'' or '"' ? ReadString(position, line, out next) : ReadOperator(position, line, out next);
    }

    [GeneratedRegex(@"\G(?<!\.)([0-9]+_)*[0-9]+((\.([0-9]+_)*[0-9]+)?[eE][+\-]?([0-9]+_)*[0-9]+|\.([0-9]+_)*[0-9]+)")]
    private static partial Regex FloatPattern();

    [GeneratedRegex(@"\G(0[bB](_?[01])+|0[oO](_?[0-7])+|0[xX](_?[0-9a-fA-F])+|[1-9](_?[0-9])*|0(_?0)*)")]
    private static partial Regex IntegerPattern();

    private Token ReadNumber(int position, int line, out int next)
    {
        // "items.0.1": behind a dot a number is an index, never a float.
        Match match = FloatPattern().Match(source, position);
        if (match.Success)
        {
            next = position + match.Length;
            string digits = match.Value.Replace("_", "", StringComparison.Ordinal);
            return new Token(TokenKind.Float, match.Value, line, double.Parse(digits, CultureInfo.InvariantCulture));
        }

        match = IntegerPattern().Match(source, position);
        next = position + match.Length;
        return new Token(TokenKind.Integer, match.Value, line, ParseInteger(match.Value.Replace("_", "", StringComparison.Ordinal)));
    }

    private static BigInteger ParseInteger(string digits)
    {
        int radix = digits.Length > 1 ? char.ToLowerInvariant(digits[1]) switch { 'b' => 2, 'o' => 8, 'x' => 16, _ => 10 } : 10;
        if (radix == 10)
        {
            return BigInteger.Parse(digits, CultureInfo.InvariantCulture);
        }

        BigInteger value = 0;
        foreach (char digit in digits.AsSpan(2))
        {
            value = (value * radix) + Convert.ToInt32(digit.ToString(), 16);
        }

        return value;
    }

    private Token ReadOperator(int position, int line, out int next)
    {
        foreach (string text in s_operators)
        {
            if (string.CompareOrdinal(source, position, text, 0, 2) == 0)
            {
                next = position + 2;
                return new Token(TokenKind.Operator, text, line);
            }
        }

        if (!"+-/*%~[](){}><=.:|,;".Contains(source[position], StringComparison.Ordinal))
        {
            throw TemplateSyntax.Error(name, line, $"unexpected character '{source[position]}'");
        }

        next = position + 1;
        return new Token(TokenKind.Operator, source[position].ToString(), line);
    }

    private Token ReadString(int position, int line, out int next)
    {
        char quote = source[position];
        int end = position + 1;
        while (end < source.Length && source[end] != quote)
        {
            end += source[end] == '\\' ? 2 : 1;
        }

        if (end >= source.Length)
        {
            throw TemplateSyntax.Error(name, line, $"a string begins here and its closing {quote} was expected, but the template ends");
        }

        next = end + 1;
        string text = source[(position + 1)..end];
        string value = text.Contains('\\', StringComparison.Ordinal) ? Unescape(text, line) : text;
        return new Token(TokenKind.String, text, line, value);
    }

    /// <summary>Resolves Python's escapes; a backslash before any other character stays.</summary>
    private string Unescape(string text, int line)
    {
        var result = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                result.Append(text[i]);
                continue;
            }

            char code = text[++i];
            switch (code)
            {
                case '\n':
                    break;
                case '\\' or '\'' or '"':
                    result.Append(code);
                    break;
                case 'x' or 'u' or 'U':
                    i += AppendCodePoint(result, text, i + 1, code switch { 'x' => 2, 'u' => 4, _ => 8 }, line);
                    break;
                case >= '0' and <= '7':
                    i += AppendOctal(result, text, i) - 1;
                    break;
                default:
                    int simple = "abfnrtv".IndexOf(code, StringComparison.Ordinal);
                    result.Append(simple >= 0 ? "\a\b\f\n\r\t\v"[simple].ToString() : $"\\{code}");
                    break;
            }
        }

        return result.ToString();
    }

    private static int AppendOctal(StringBuilder result, string text, int start)
    {
        int value = 0;
        int length = 0;
        while (length < 3 && start + length < text.Length && text[start + length] is >= '0' and <= '7')
        {
            value = (value * 8) + (text[start + length] - '0');
            length++;
        }

        result.Append((char)value);
        return length;
    }

    private int AppendCodePoint(StringBuilder result, string text, int start, int digits, int line)
    {
        if (start + digits > text.Length
            || !uint.TryParse(text.AsSpan(start, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint value)
            || value > 0x10FFFF)
        {
            throw TemplateSyntax.Error(name, line, $"the escape '\\{text[start - 1]}' needs {digits} hexadecimal digits of a character");
        }

        result.Append(value < 0x10000 ? ((char)value).ToString() : char.ConvertFromUtf32((int)value));
        return digits;
    }
}
