using System.Numerics;

namespace Rlt.Grading.Numbers;

/// <summary>A binary floating-point number of 224 bits, about 67 decimal digits: enough to tell any two answers apart that differ.</summary>
internal readonly struct BigFloat
{
    /// <summary>Bits of the mantissa.</summary>
    public const int Precision = 224;

    private const long MostExponent = 1L << 40;

    private readonly BigInteger _mantissa;
    private readonly long _exponent;

    public BigFloat(BigInteger mantissa, long exponent)
    {
        long excess = mantissa.GetBitLength() - Precision;
        if (excess > 0)
        {
            mantissa = (mantissa + (BigInteger.One << (int)(excess - 1))) >> (int)excess;
            exponent += excess;
        }

        if (Math.Abs(exponent) > MostExponent)
        {
            throw new UngradableException("a number beyond all bounds");
        }

        _mantissa = mantissa;
        _exponent = mantissa.IsZero ? 0 : exponent;
    }

    public static BigFloat Zero => default;

    public static BigFloat One => new(1, 0);

    public int Sign => _mantissa.Sign;

    public bool IsZero => _mantissa.IsZero;

    /// <summary>The power of two just above the magnitude.</summary>
    public long Magnitude => IsZero ? -MostExponent : _mantissa.GetBitLength() + _exponent;

    public static implicit operator BigFloat(int value) => new(value, 0);

    public static BigFloat From(Rational value)
    {
        long shift = Math.Max(0, Precision + 1 - value.Numerator.GetBitLength() + value.Denominator.GetBitLength());
        return new((value.Numerator << (int)shift) / value.Denominator, -shift);
    }

    public static BigFloat operator +(BigFloat a, BigFloat b)
    {
        if (a.IsZero || b.IsZero)
        {
            return a.IsZero ? b : a;
        }

        (BigFloat high, BigFloat low) = a._exponent >= b._exponent ? (a, b) : (b, a);
        long shift = high._exponent - low._exponent;
        return shift > 2 * Precision ? (high.Magnitude >= low.Magnitude ? high : low) : new((high._mantissa << (int)shift) + low._mantissa, low._exponent);
    }

    public static BigFloat operator -(BigFloat a) => new(-a._mantissa, a._exponent);

    public static BigFloat operator -(BigFloat a, BigFloat b) => a + -b;

    public static BigFloat operator *(BigFloat a, BigFloat b) => new(a._mantissa * b._mantissa, a._exponent + b._exponent);

    public static BigFloat operator /(BigFloat a, BigFloat b)
    {
        if (b.IsZero)
        {
            throw new UngradableException("division by zero");
        }

        int shift = (int)Math.Max(0, Precision + 1 - a._mantissa.GetBitLength() + b._mantissa.GetBitLength());
        return new((a._mantissa << shift) / b._mantissa, a._exponent - b._exponent - shift);
    }

    public static bool operator <(BigFloat a, BigFloat b) => (a - b).Sign < 0;

    public static bool operator >(BigFloat a, BigFloat b) => (a - b).Sign > 0;

    public BigFloat Abs() => Sign < 0 ? -this : this;

    /// <summary>Times a power of two.</summary>
    public BigFloat Scale(long power) => new(_mantissa, _exponent + power);

    /// <summary>The square root of a number of at least 0.</summary>
    public BigFloat Sqrt()
    {
        long shift = (2 * Precision) - _mantissa.GetBitLength();
        shift += (_exponent - shift) % 2 == 0 ? 0 : 1;
        return new(WholeRoot.Floor(_mantissa << (int)shift, 2), (_exponent - shift) / 2);
    }

    /// <summary>The value times a power of two, as a whole number rounded down.</summary>
    /// <exception cref="UngradableException">It is too large.</exception>
    public BigInteger ToFixed(int bits)
    {
        long shift = _exponent + bits;
        return shift > 4 * Precision ? throw new UngradableException("a number beyond all bounds")
            : shift >= 0 ? _mantissa << (int)shift
            : -shift > 2 * Precision ? BigInteger.Zero
            : _mantissa >> (int)-shift;
    }

    /// <summary>The nearest double.</summary>
    public double ToDouble() =>
        Math.ScaleB((double)(_mantissa >> (int)Math.Max(0, _mantissa.GetBitLength() - 64)),
            (int)Math.Clamp(_exponent + Math.Max(0, _mantissa.GetBitLength() - 64), -5000, 5000));
}
