using System.Numerics;

namespace Rlt.Grading.Numbers;

/// <summary>A number: an exact fraction as long as it can be one, else of high precision.</summary>
internal readonly struct Value
{
    /// <summary>Exact numbers of more bits are rounded to high precision.</summary>
    public const int MostExactBits = 12_000;

    // 33 digits agree: far more than two different answers share, far less than rounding spoils.
    private const long AgreeingBits = 110;

    private readonly BigComplex _rounded;
    private readonly Rational _exact;

    public Value(Rational exact)
    {
        IsExact = exact.Bits <= MostExactBits;
        _exact = IsExact ? exact : default;
        _rounded = IsExact ? default : BigFloat.From(exact);
    }

    public Value(BigComplex rounded) => _rounded = rounded;

    public bool IsExact { get; }

    /// <summary>The fraction; null where the number is not exact.</summary>
    public Rational? Exact => IsExact ? _exact : null;

    public BigComplex Rounded => IsExact ? BigFloat.From(_exact) : _rounded;

    public bool IsReal => IsExact || _rounded.IsReal;

    public bool IsZero => IsExact ? _exact.IsZero : _rounded.IsZero;

    /// <summary>The sign of a real number.</summary>
    public int Sign => IsExact ? _exact.Sign : _rounded.Re.Sign;

    /// <summary>What an operation on the number costs.</summary>
    public int Cost => IsExact ? 1 + (int)(_exact.Bits * _exact.Bits / 400_000) : 3;

    public static implicit operator Value(Rational exact) => new(exact);

    public static implicit operator Value(BigComplex rounded) => new(rounded);

    public static implicit operator Value(BigFloat rounded) => new((BigComplex)rounded);

    public static Value operator +(Value a, Value b) => a.IsExact && b.IsExact ? a._exact + b._exact : a.Rounded + b.Rounded;

    public static Value operator -(Value a, Value b) => a.IsExact && b.IsExact ? a._exact - b._exact : a.Rounded - b.Rounded;

    public static Value operator -(Value a) => a.IsExact ? -a._exact : -a._rounded;

    public static Value operator *(Value a, Value b) => a.IsExact && b.IsExact ? a._exact * b._exact : a.Rounded * b.Rounded;

    public static Value operator /(Value a, Value b) => a.IsExact && b.IsExact ? a._exact / b._exact : a.Rounded / b.Rounded;

    /// <summary>Equal exactly, or to far more digits than rounding could make agree.</summary>
    public static bool Same(Value a, Value b)
    {
        if (a.IsExact && b.IsExact)
        {
            return a._exact == b._exact;
        }

        (BigComplex x, BigComplex y) = (a.Rounded, b.Rounded);
        long scale = x.IsZero || y.IsZero ? 0 : Math.Max(x.Abs().Magnitude, y.Abs().Magnitude);
        return (x - y).Abs().Magnitude < scale - AgreeingBits;
    }

    /// <summary>The whole number that it is; null where it is none, or one beyond ±2³¹.</summary>
    public int? Whole => IsExact && _exact.IsInteger && BigInteger.Abs(_exact.Numerator) <= int.MaxValue ? (int)_exact.Numerator : null;
}
