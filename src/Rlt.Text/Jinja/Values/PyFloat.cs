using System.Globalization;
using System.Numerics;

namespace Rlt.Text.Jinja.Values;

/// <summary>Writes floats as Python does. Fixed digits come from the exact binary value, ties to even.</summary>
internal static class PyFloat
{
    /// <summary>repr(): the shortest digits that read back as the same float.</summary>
    public static string Repr(double value)
    {
        if (NameOfSpecial(value) is string special)
        {
            return special;
        }

        (string digits, int exponent) = ShortestDigits(Math.Abs(value));
        string sign = double.IsNegative(value) ? "-" : "";
        if (exponent is < -4 or >= 16)
        {
            string fraction = digits.Length > 1 ? "." + digits[1..] : "";
            return $"{sign}{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }

        return sign + Layout(digits, exponent, minimumFraction: 1);
    }

    /// <summary>"%.nf".</summary>
    public static string Fixed(double value, int decimals)
    {
        if (NameOfSpecial(value) is string special)
        {
            return special;
        }

        string digits = RoundScaled(Math.Abs(value), decimals).ToString(CultureInfo.InvariantCulture).PadLeft(decimals + 1, '0');
        string whole = digits[..^decimals];
        return (double.IsNegative(value) ? "-" : "") + (decimals == 0 ? whole : $"{whole}.{digits[^decimals..]}");
    }

    /// <summary>round(value, decimals), ties to even on the exact binary value.</summary>
    public static double Round(double value, int decimals)
    {
        if (!double.IsFinite(value) || decimals > 330)
        {
            return value;
        }

        if (decimals < 0)
        {
            return decimals < -330 ? 0 * value : double.Parse(
                (double.IsNegative(value) ? "-" : "") + RoundScaled(Math.Abs(value), decimals) + new string('0', -decimals), CultureInfo.InvariantCulture);
        }

        return double.Parse(Fixed(value, decimals), CultureInfo.InvariantCulture);
    }

    /// <summary>"inf", "-inf" or "nan"; null for a finite value.</summary>
    private static string? NameOfSpecial(double value) =>
        double.IsNaN(value) ? "nan" : double.IsInfinity(value) ? value > 0 ? "inf" : "-inf" : null;

    private static (string Digits, int Exponent) ShortestDigits(double value)
    {
        if (value == 0)
        {
            return ("0", 0);
        }

        // "R" gives the shortest digits that round-trip, in one of two notations.
        string text = value.ToString("R", CultureInfo.InvariantCulture);
        int mark = text.IndexOf('E', StringComparison.Ordinal);
        int exponent = mark < 0 ? 0 : int.Parse(text.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        string number = mark < 0 ? text : text[..mark];
        int point = number.IndexOf('.', StringComparison.Ordinal);
        string digits = number.Replace(".", "", StringComparison.Ordinal);
        exponent += (point < 0 ? number.Length : point) - 1;
        int zeros = digits.Length - digits.TrimStart('0').Length;
        digits = digits.Trim('0');
        return (digits, exponent - zeros);
    }

    /// <summary>Digits with the point where the exponent puts it.</summary>
    private static string Layout(string digits, int exponent, int minimumFraction)
    {
        string padded = exponent < 0 ? new string('0', -exponent) + digits : digits.PadRight(exponent + 1, '0');
        int point = Math.Max(exponent, 0) + 1;
        string fraction = padded[point..].PadRight(minimumFraction, '0');
        return fraction.Length == 0 ? padded : $"{padded[..point]}.{fraction}";
    }

    /// <summary>value · 10^decimals as an integer, ties to even.</summary>
    private static BigInteger RoundScaled(double value, int decimals)
    {
        long bits = BitConverter.DoubleToInt64Bits(value);
        int power = (int)((bits >> 52) & 0x7FF);
        BigInteger numerator = (bits & 0xFFFFFFFFFFFFF) | (power == 0 ? 0 : 1L << 52);
        power = Math.Max(power, 1) - 1075;
        BigInteger denominator = BigInteger.One;
        Scale(ref numerator, ref denominator, 2, power);
        Scale(ref numerator, ref denominator, 10, decimals);
        BigInteger quotient = BigInteger.DivRem(numerator, denominator, out BigInteger remainder);
        int half = (remainder * 2).CompareTo(denominator);
        return half > 0 || (half == 0 && !quotient.IsEven) ? quotient + 1 : quotient;
    }

    private static void Scale(ref BigInteger numerator, ref BigInteger denominator, int radix, int power)
    {
        if (power >= 0)
        {
            numerator *= BigInteger.Pow(radix, power);
        }
        else
        {
            denominator *= BigInteger.Pow(radix, -power);
        }
    }
}
