using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;
using Rlt.Text.Jinja.Runtime;
using Rlt.Text.Jinja.Values;

namespace Rlt.Text.Jinja.Functions;

/// <summary>Python's format(value, spec): fill, alignment, sign, width, grouping, precision, type.</summary>
internal static partial class FormatSpec
{
    // Longer fields have no use in a template; the bound keeps fixed digits affordable.
    private const int MaxPrecision = 1000;

    public static string Format(RenderState state, object value, string spec)
    {
        if (spec.Length == 0)
        {
            return PyRepr.Str(value);
        }

        Match match = Pattern().Match(spec);
        if (!match.Success)
        {
            throw new RenderError($"Invalid format specifier '{spec}' for object of type '{PyType.Name(value)}'");
        }

        string Part(string name) => match.Groups[name].Value;
        int width = Number(Part("width"), 0);
        int? precision = Part("precision").Length > 0 ? Number(Part("precision"), 0) : null;
        char type = Part("type") is { Length: 1 } letter ? letter[0] : ' ';
        bool isNumber = PyNumber.IsNumber(value) && !(value is bool && type is ' ' or 's');
        string body = isNumber
            ? FormatNumber(value, type, precision, Part("sign") is { Length: 1 } sign ? sign[0] : '-', Part("alternate").Length > 0, Part("group"))
            : FormatText(value, type, precision, spec);
        bool fillsZeros = Part("zero").Length > 0;
        char align = Part("align") is { Length: 1 } given ? given[0] : fillsZeros && isNumber ? '=' : isNumber ? '>' : '<';
        string fill = Part("fill") is { Length: > 0 } character ? character : fillsZeros ? "0" : " ";
        if (!isNumber && (align == '=' || Part("sign").Length > 0))
        {
            throw new RenderError($"a sign or '=' alignment is not allowed in the text format '{spec}'");
        }

        state.ChargeText(Math.Max(width, body.Length));
        return Align(body, align, fill, width);
    }

    /// <summary>Fills up to a width; "=" puts the fill behind the sign.</summary>
    public static string Align(string body, char align, string fill, int width)
    {
        int missing = width - PyText.Length(body);
        if (missing <= 0)
        {
            return body;
        }

        int left = align switch { '<' => 0, '^' => missing / 2, _ => missing };
        string Fill(int count) => string.Concat(Enumerable.Repeat(fill, count));
        int signs = align == '=' && body.Length > 0 && body[0] is '+' or '-' or ' ' ? 1 : 0;
        return body[..signs] + Fill(left) + body[signs..] + Fill(missing - left);
    }

    public static string Sign(bool isNegative, char style) => isNegative ? "-" : style == '-' ? "" : style.ToString();

    public static bool IsNegative(double value) => double.IsNegative(value) && !double.IsNaN(value);

    /// <summary>The digits of a number that is not negative.</summary>
    public static string Digits(BigInteger value, char type, bool isAlternate)
    {
        int radix = type switch { 'x' or 'X' => 16, 'o' => 8, 'b' => 2, _ => 10 };
        if (radix == 10)
        {
            return value.ToString(CultureInfo.InvariantCulture);
        }

        var digits = new StringBuilder();
        do
        {
            digits.Insert(0, "0123456789abcdef"[(int)(value % radix)]);
            value /= radix;
        }
        while (!value.IsZero);

        string text = (isAlternate ? $"0{char.ToLowerInvariant(type)}" : "") + digits;
        return type == 'X' ? text.ToUpperInvariant() : text;
    }

    /// <summary>The digits of a float without its sign.</summary>
    public static string Real(double value, char type, int precision)
    {
        if (precision > MaxPrecision)
        {
            throw new RenderError($"a precision of {precision} digits is too large; expected at most {MaxPrecision}");
        }

        double size = Math.Abs(value);
        string text = char.ToLowerInvariant(type) switch
        {
            'f' => PyFloat.Fixed(size, precision),
            'e' => PyFloat.Exponential(size, precision),
            '%' => PyFloat.Fixed(size * 100, precision) + "%",
            _ => PyFloat.General(size, precision),
        };
        return char.IsAsciiLetterUpper(type) ? text.ToUpperInvariant() : text;
    }

    private static int Number(string digits, int fallback) => digits.Length == 0 ? fallback
        : int.TryParse(digits, CultureInfo.InvariantCulture, out int number) ? number
        : throw new RenderError("Too many decimal digits in format string");

    private static string FormatNumber(object value, char type, int? precision, char sign, bool isAlternate, string group)
    {
        string body;
        bool isNegative;
        if (PyNumber.TryInteger(value, out BigInteger integer) && type is ' ' or 'd' or 'x' or 'X' or 'o' or 'b' or 'n' && value is not double)
        {
            isNegative = integer.Sign < 0;
            if (precision is not null)
            {
                throw new RenderError("Precision not allowed in integer format specifier");
            }

            body = Digits(BigInteger.Abs(integer), type, isAlternate);
        }
        else if (type == 'c' && value is not double && integer.Sign >= 0 && integer <= 0x10FFFF)
        {
            return char.ConvertFromUtf32((int)integer);
        }
        else if (type is 'f' or 'F' or 'e' or 'E' or 'g' or 'G' or '%' or ' ' or 'n')
        {
            double real = PyNumber.ToDouble(value);
            isNegative = IsNegative(real);
            body = type == ' ' && precision is null ? PyFloat.Repr(Math.Abs(real))
                : type == ' ' ? GeneralWithPoint(Math.Abs(real), precision!.Value)
                : Real(real, type, precision ?? 6);
        }
        else
        {
            throw new RenderError($"Unknown format code '{type}' for object of type '{PyType.Name(value)}'");
        }

        return Sign(isNegative, sign) + Group(body, group);
    }

    // Without a type, a float keeps at least one digit behind its point.
    private static string GeneralWithPoint(double value, int precision)
    {
        string text = Real(value, 'g', precision);
        return !text.Any(character => character is '.' or 'e' or 'i' or 'n') ? text + ".0" : text;
    }

    private static string Group(string digits, string separator)
    {
        if (separator.Length == 0)
        {
            return digits;
        }

        int end = digits.AsSpan().IndexOfAnyExceptInRange('0', '9');
        string whole = end < 0 ? digits : digits[..end];
        for (int at = whole.Length - 3; at > 0; at -= 3)
        {
            whole = whole.Insert(at, separator);
        }

        return whole + (end < 0 ? "" : digits[end..]);
    }

    private static string FormatText(object value, char type, int? precision, string spec)
    {
        if (!(PyText.TryGet(value, out string? text) || value is bool) || type is not (' ' or 's'))
        {
            throw new RenderError(value is string or Markup or bool
                ? $"Unknown format code '{type}' for object of type '{PyType.Name(value)}'"
                : $"unsupported format string '{spec}' passed to {PyType.Name(value)}.__format__");
        }

        text ??= PyRepr.Str(value);
        return precision is int most && PyText.Length(text) > most ? text[..PyText.UnitIndex(text, most)] : text;
    }

    [GeneratedRegex(@"^((?<fill>[\ud800-\udbff][\udc00-\udfff]|[\s\S])(?=[<>=^])|)(?<align>[<>=^]?)(?<sign>[-+ ]?)(?<alternate>#?)(?<zero>0?)(?<width>[0-9]*)(?<group>[,_]?)(\.(?<precision>[0-9]+))?(?<type>[a-zA-Z%]?)$")]
    private static partial Regex Pattern();
}
