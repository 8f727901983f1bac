using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;
using Rlt.Grading.Numbers;

namespace Rlt.Grading.Syntax;

/// <summary>Reads numbers with separators, decimals, repeating decimals and powers of ten.</summary>
internal static partial class NumberText
{
    private const int MostDigits = 4000;

    /// <summary>The number that begins at a place, as digits and at most one point; null where none does.</summary>
    /// <param name="text">The answer.</param>
    /// <param name="start">The place.</param>
    /// <param name="isList">Whether a comma between digits separates values, as it does inside brackets, rather than thousands.</param>
    /// <param name="length">The characters taken.</param>
    public static string? At(string text, int start, bool isList, out int length)
    {
        Match match = isList ? Plain().Match(text, start) : Grouped().Match(text, start) is { Success: true } grouped ? grouped : Plain().Match(text, start);
        length = match.Length;
        if (!match.Success || length == 0)
        {
            return null;
        }

        string digits = match.Value.Replace(" ", "", StringComparison.Ordinal).Replace("'", "", StringComparison.Ordinal);
        bool isComma = match.Groups["comma"].Success;
        return isComma
            ? digits.Replace(".", "", StringComparison.Ordinal).Replace(',', '.')
            : match.Groups["points"].Success ? digits.Replace(".", "", StringComparison.Ordinal) : digits.Replace(",", "", StringComparison.Ordinal);
    }

    /// <summary>Does the text hold a number whose commas may be separators of thousands or of values.</summary>
    public static bool IsAmbiguous(string text) => Thousands().IsMatch(text);

    /// <summary>A text whose one comma parts a number's decimals, with a point for it; null where no comma can.</summary>
    /// <param name="text">The answer.</param>
    /// <param name="isLone">Whether one decimal will do: "1,5" is as well a list of 1 and 5.</param>
    public static string? WithPoint(string text, bool isLone) =>
        text.Length <= MostDigits && text.Count(letter => letter == ',') == 1 && DecimalComma().Match(text) is { Success: true } comma
            && (isLone || comma.Groups["places"].Length > 1 || comma.Groups["money"].Success)
            ? text.Remove(comma.Groups["comma"].Index, 1).Insert(comma.Groups["comma"].Index, ".")
            : null;

    /// <summary>The value of digits with at most one point, an exponent "e5" and a repeating part "(3)".</summary>
    public static Number Parse(string digits)
    {
        if (digits.Length > MostDigits)
        {
            throw new UngradableException("too many digits");
        }

        Match parts = Parts().Match(digits);
        string whole = parts.Groups["whole"].Value, places = parts.Groups["places"].Value, repeating = parts.Groups["repeating"].Value;
        Rational value = new(Integer(whole + places), BigInteger.Pow(10, places.Length));
        if (repeating.Length > 0)
        {
            value += new Rational(Integer(repeating), BigInteger.Pow(10, places.Length) * (BigInteger.Pow(10, repeating.Length) - 1));
        }

        if (parts.Groups["exponent"].Success)
        {
            value *= ((Rational)10).Pow(Exponent(parts.Groups["exponent"].Value));
        }

        return new Number(value, IsDecimal: places.Length > 0 && repeating.Length == 0);
    }

    private static BigInteger Integer(string digits) => digits.Length == 0 ? BigInteger.Zero : BigInteger.Parse(digits, CultureInfo.InvariantCulture);

    private static int Exponent(string digits) =>
        int.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int exponent) && Math.Abs(exponent) <= MostDigits
            ? exponent
            : throw new UngradableException("too large an exponent");

    // 1,234.5 and 1 234.5; 1.234.567; 1.234,56 and 1 234,56; 1'234.5; 12,34,567; 0,125.
    [GeneratedRegex(@"\G(?:0(?<comma>,)\d{3,}(?![\d,])|\d{1,3}(?:\.\d{3})+(?<comma>,)\d+(?![\d,])|\d{1,3}(?: \d{3})+(?<comma>,)\d+(?![\d,])|\d{1,3}(?<points>\.\d{3}){2,}(?![\d.])"
        + @"|(?!0)\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?|(?!0)\d{1,2}(?:,\d{2})+,\d{3}(?![\d,])(?:\.\d+)?|\d{1,3}(?: \d{3})+(?!\d)(?:\.\d+)?|\d{1,3}(?:'\d{3})+(?!\d)(?:\.\d+)?)", RegexOptions.ExplicitCapture)]
    private static partial Regex Grouped();

    [GeneratedRegex(@"\G(?:\d+(?:\.\d+)?(?:[eE]\d{1,4}(?![\dA-Za-z])|(?<=\.\d+)[eE][+-]\d{1,4}(?![\dA-Za-z]))?|\.\d+)", RegexOptions.ExplicitCapture)]
    private static partial Regex Plain();

    [GeneratedRegex(@"(?<![\d,.])(?:\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})+,\d{3})(?![\d,])")]
    private static partial Regex Thousands();

    // A number with its sign, currency and unit, and nothing else; three places after up to three digits are thousands.
    [GeneratedRegex(@"^[\s$€£\\{+−-]*(?!\d{1,3},\d{3}(?!\d))\d+(?<comma>,)(?<places>\d+)(?<money>\s*\\?[$€£%])?(?![\d,.:])[\s\\%°€£$}\p{L}/^²³{.]*[23]?[}\s$.]*$", RegexOptions.ExplicitCapture)]
    private static partial Regex DecimalComma();

    [GeneratedRegex(@"^(?<whole>\d*)(?:\.(?<places>\d*)(?:\((?<repeating>\d+)\))?)?(?:[eE](?<exponent>[+-]?\d+))?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Parts();
}
