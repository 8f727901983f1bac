using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;

namespace Rlt.Text.Jinja.Values;

/// <summary>Python's numbers: int of any size, float, and bool that counts as 0 or 1.</summary>
internal static class PyNumber
{
    // Bounds ints so that a template cannot spend minutes on one power; 4300 digits is also where Python stops printing them.
    private const int MaxBits = 14_284;

    public static bool IsNumber(object value) => value is bool or BigInteger or double;

    public static bool TryInteger(object value, out BigInteger integer)
    {
        integer = value switch { BigInteger number => number, bool flag => flag ? 1 : 0, _ => 0 };
        return value is BigInteger or bool;
    }

    /// <summary>An argument that must be an integer and small enough for an index or a length.</summary>
    public static int ToInt(object value, string what)
    {
        if (!TryInteger(value, out BigInteger integer))
        {
            throw value is Undefined undefined
                ? undefined.Error()
                : new RenderError($"{what} must be an int, not {PyType.Name(value)}");
        }

        return (int)BigInteger.Min(int.MaxValue, BigInteger.Max(int.MinValue, integer));
    }

    public static double ToDouble(object value) => value switch
    {
        double number => number,
        BigInteger integer => (double)integer,
        _ => (bool)value ? 1 : 0,
    };

    public static bool IsZero(object value) => value switch
    {
        double number => number == 0,
        BigInteger integer => integer.IsZero,
        _ => !(bool)value,
    };

    /// <summary>Orders two numbers; NaN is unequal to everything.</summary>
    public static int Compare(object left, object right)
    {
        if (TryInteger(left, out BigInteger leftInteger) && TryInteger(right, out BigInteger rightInteger))
        {
            return leftInteger.CompareTo(rightInteger);
        }

        double a = ToDouble(left);
        double b = ToDouble(right);
        return a == b ? 0 : a < b ? -1 : 1;
    }

    public static object Negate(object value) => value switch
    {
        double number => -number,
        _ when TryInteger(value, out BigInteger integer) => -integer,
        Undefined undefined => throw undefined.Error(),
        _ => throw new RenderError($"bad operand type for unary -: '{PyType.Name(value)}'"),
    };

    public static object Plus(object value) => value switch
    {
        double number => number,
        _ when TryInteger(value, out BigInteger integer) => integer,
        Undefined undefined => throw undefined.Error(),
        _ => throw new RenderError($"bad operand type for unary +: '{PyType.Name(value)}'"),
    };

    /// <summary>An arithmetic operation on two numbers.</summary>
    public static object Apply(string op, object left, object right)
    {
        bool areIntegers = TryInteger(left, out BigInteger a) & TryInteger(right, out BigInteger b);
        return areIntegers && op != "/" && !(op == "**" && b.Sign < 0)
            ? ApplyToIntegers(op, a, b)
            : ApplyToFloats(op, ToDouble(left), ToDouble(right));
    }

    /// <summary>Python's int(text, radix).</summary>
    public static bool TryParseInteger(string text, int radix, [NotNullWhen(true)] out BigInteger? value)
    {
        value = null;
        string digits = PyText.Trim(text);
        bool isNegative = digits.StartsWith('-');
        if (isNegative || digits.StartsWith('+'))
        {
            digits = digits[1..];
        }

        int prefixRadix = digits.Length > 1 && digits[0] == '0'
            ? char.ToLowerInvariant(digits[1]) switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 0 }
            : 0;
        if (prefixRadix != 0 && (radix == prefixRadix || radix == 0))
        {
            digits = digits[2..].TrimStart('_');
            radix = prefixRadix;
        }

        radix = radix == 0 ? 10 : radix;
        if (digits.Length is 0 or > 4300 || digits.StartsWith('_') || digits.EndsWith('_') || digits.Contains("__", StringComparison.Ordinal))
        {
            return false;
        }

        BigInteger result = 0;
        foreach (char character in digits.Replace("_", "", StringComparison.Ordinal))
        {
            int digit = char.IsDigit(character) ? (int)char.GetNumericValue(character)
                : char.IsAsciiLetter(character) ? char.ToLowerInvariant(character) - 'a' + 10
                : radix;
            if (digit >= radix)
            {
                return false;
            }

            result = (result * radix) + digit;
        }

        value = isNegative ? -result : result;
        return true;
    }

    /// <summary>Python's float(text).</summary>
    public static bool TryParseFloat(string text, out double value)
    {
        string digits = PyText.Trim(text);
        string word = digits.TrimStart('+', '-').ToLowerInvariant();
        if (word is "inf" or "infinity" or "nan" && digits.Length - word.Length <= 1)
        {
            value = word == "nan" ? double.NaN : digits.StartsWith('-') ? double.NegativeInfinity : double.PositiveInfinity;
            return true;
        }

        // The library also takes words, inner spaces and group signs; Python takes digits with single underscores.
        bool isPlain = digits.All(character => char.IsAsciiDigit(character) || "+-._eE".Contains(character, StringComparison.Ordinal))
            && !digits.StartsWith('_') && !digits.EndsWith('_') && !digits.Contains("__", StringComparison.Ordinal);
        value = 0;
        return isPlain && double.TryParse(
            digits.Replace("_", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out value);
    }

    private static BigInteger ApplyToIntegers(string op, BigInteger a, BigInteger b)
    {
        switch (op)
        {
            case "+":
                return a + b;
            case "-":
                return a - b;
            case "*":
                CheckBits(a.GetBitLength() + b.GetBitLength());
                return a * b;
            case "//":
                return FloorDivide(a, b, out _);
            case "%":
                FloorDivide(a, b, out BigInteger remainder);
                return remainder;
            default:
                CheckBits(BigInteger.Abs(a) <= 1 ? 0 : b > MaxBits ? long.MaxValue : a.GetBitLength() * (long)b);
                return BigInteger.Abs(a) <= 1 ? BigInteger.Pow(a, b.IsZero ? 0 : b.IsEven ? 2 : 1) : BigInteger.Pow(a, (int)b);
        }
    }

    private static void CheckBits(long bits)
    {
        if (bits > MaxBits)
        {
            throw new RenderError($"an int of about {bits} bits is too large; expected at most {MaxBits} bits");
        }
    }

    private static BigInteger FloorDivide(BigInteger a, BigInteger b, out BigInteger remainder)
    {
        if (b.IsZero)
        {
            throw new RenderError("integer division or modulo by zero");
        }

        BigInteger quotient = BigInteger.DivRem(a, b, out remainder);
        if (!remainder.IsZero && remainder.Sign != b.Sign)
        {
            remainder += b;
            quotient--;
        }

        return quotient;
    }

    private static double ApplyToFloats(string op, double a, double b)
    {
        if (b == 0 && (op is "/" or "//" or "%"))
        {
            throw new RenderError("division by zero");
        }

        switch (op)
        {
            case "+":
                return a + b;
            case "-":
                return a - b;
            case "*":
                return a * b;
            case "/":
                return a / b;
            case "//":
                return FloorDivide(a, b);
            case "%":
                double remainder = a % b;
                return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder == 0 ? Math.CopySign(0, b) : remainder;
            default:
                return Power(a, b);
        }
    }

    private static double FloorDivide(double a, double b)
    {
        double remainder = a % b;
        double quotient = (a - remainder) / b;
        if (remainder != 0 && (remainder < 0) != (b < 0))
        {
            quotient--;
        }

        // The quotient is a whole number up to rounding.
        double floor = Math.Floor(quotient);
        return quotient == 0 ? Math.CopySign(0, a / b) : quotient - floor > 0.5 ? floor + 1 : floor;
    }

    private static double Power(double a, double b)
    {
        if (a == 0 && b < 0)
        {
            throw new RenderError("0.0 cannot be raised to a negative power");
        }

        double power = Math.Pow(a, b);
        return double.IsNaN(power) && !double.IsNaN(a) && !double.IsNaN(b)
            ? throw new RenderError("a negative number cannot be raised to a fractional power")
            : double.IsInfinity(power) && double.IsFinite(a) && double.IsFinite(b)
                ? throw new RenderError("(34, 'Numerical result out of range')")
                : power;
    }
}
