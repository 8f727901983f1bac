using System.Numerics;

namespace Rlt.Grading.Numbers;

/// <summary>A fraction of whole numbers in lowest terms with a positive denominator.</summary>
internal readonly record struct Rational
{
    private readonly BigInteger _denominatorLessOne;

    public Rational(BigInteger numerator, BigInteger denominator)
    {
        if (denominator.IsZero)
        {
            throw new UngradableException("division by zero");
        }

        var divisor = BigInteger.GreatestCommonDivisor(numerator, denominator);
        divisor = denominator.Sign < 0 ? -divisor : divisor;
        Numerator = numerator / divisor;
        _denominatorLessOne = (denominator / divisor) - 1;
    }

    public static Rational Zero => default;

    public static Rational One => new(1, 1);

    public BigInteger Numerator { get; }

    public BigInteger Denominator => _denominatorLessOne + 1;

    public bool IsInteger => _denominatorLessOne.IsZero;

    public bool IsZero => Numerator.IsZero;

    public int Sign => Numerator.Sign;

    /// <summary>The bits of both parts: what an operation on the number costs.</summary>
    public long Bits => Numerator.GetBitLength() + Denominator.GetBitLength();

    public static implicit operator Rational(int value) => new(value, 1);

    public static Rational operator +(Rational a, Rational b) =>
        new((a.Numerator * b.Denominator) + (b.Numerator * a.Denominator), a.Denominator * b.Denominator);

    public static Rational operator -(Rational a, Rational b) => a + -b;

    public static Rational operator -(Rational a) => new(-a.Numerator, a.Denominator);

    public static Rational operator *(Rational a, Rational b) => new(a.Numerator * b.Numerator, a.Denominator * b.Denominator);

    public static Rational operator /(Rational a, Rational b) => new(a.Numerator * b.Denominator, a.Denominator * b.Numerator);

    public static bool operator <(Rational a, Rational b) => (a - b).Sign < 0;

    public static bool operator >(Rational a, Rational b) => (a - b).Sign > 0;

    public Rational Abs() => new(BigInteger.Abs(Numerator), Denominator);

    /// <summary>The power with a whole exponent; the caller bounds its size.</summary>
    public Rational Pow(int exponent) => exponent >= 0
        ? new(BigInteger.Pow(Numerator, exponent), BigInteger.Pow(Denominator, exponent))
        : new(BigInteger.Pow(Denominator, -exponent), BigInteger.Pow(Numerator, -exponent));

    /// <summary>The largest whole number that is not above.</summary>
    public BigInteger Floor()
    {
        var quotient = BigInteger.DivRem(Numerator, Denominator, out BigInteger rest);
        return rest.Sign < 0 ? quotient - 1 : quotient;
    }

    /// <summary>The n-th root where it is rational; null elsewhere, and for even roots of negative numbers.</summary>
    public Rational? Root(int n)
    {
        if (Sign < 0)
        {
            return n % 2 == 0 ? null : (-this).Root(n) is { } positive ? -positive : null;
        }

        BigInteger numerator = WholeRoot.Floor(Numerator, n), denominator = WholeRoot.Floor(Denominator, n);
        return BigInteger.Pow(numerator, n) == Numerator && BigInteger.Pow(denominator, n) == Denominator ? new Rational(numerator, denominator) : null;
    }
}
