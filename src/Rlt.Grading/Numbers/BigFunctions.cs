using System.Numerics;

namespace Rlt.Grading.Numbers;

/// <summary>Exponential, logarithm, sine, cosine and arc tangent of <see cref="BigFloat"/>, by argument reduction and power series in fixed point.</summary>
internal static class BigFunctions
{
    // Fixed point keeps more bits than the result: reduction and the series' sums lose some.
    private const int Bits = BigFloat.Precision + 64;
    private const int Halvings = 8;
    private const long MostReduced = 100;

    private static readonly BigInteger One = BigInteger.One << Bits;
    private static readonly BigInteger FixedPi = 4 * ((4 * ArcTangentOfInverse(5)) - ArcTangentOfInverse(239));
    private static readonly BigInteger FixedLn2 = (2 * ArcTangentOfInverse(3, alternating: false));

    /// <summary>π, by Machin's formula.</summary>
    public static BigFloat Pi { get; } = new(FixedPi, -Bits);

    /// <summary>The natural logarithm of 2.</summary>
    public static BigFloat Ln2 { get; } = new(FixedLn2, -Bits);

    /// <summary>The exponential.</summary>
    public static BigFloat Exp(BigFloat x)
    {
        if (x.Magnitude > 40)
        {
            throw new UngradableException("a number beyond all bounds");
        }

        BigInteger value = x.ToFixed(Bits);
        BigInteger power = BigInteger.Divide(value, FixedLn2);
        BigInteger small = (value - (power * FixedLn2)) >> Halvings;
        BigInteger sum = One, term = One;
        for (int k = 1; !term.IsZero && k < 200; k++)
        {
            term = ((term * small) >> Bits) / k;
            sum += term;
        }

        for (int k = 0; k < Halvings; k++)
        {
            sum = (sum * sum) >> Bits;
        }

        return new BigFloat(sum, (long)power - Bits);
    }

    /// <summary>The natural logarithm of a number above 0, by Halley's iteration.</summary>
    public static BigFloat Ln(BigFloat x)
    {
        // Of x = m·2^k with m near 1.
        long power = x.Magnitude;
        BigFloat m = x.Scale(-power);
        var y = new BigFloat((BigInteger)(Math.Log(m.ToDouble()) * (1L << 52)), -52);
        for (int k = 0; k < 2; k++)
        {
            BigFloat e = Exp(y);
            y += (m - e).Scale(1) / (m + e);
        }

        return y + (new BigFloat(power, 0) * Ln2);
    }

    /// <summary>Sine and cosine of an angle in radians.</summary>
    public static (BigFloat Sin, BigFloat Cos) SinCos(BigFloat x)
    {
        if (x.Magnitude > MostReduced)
        {
            throw new UngradableException("an angle beyond all bounds");
        }

        BigInteger value = x.ToFixed(Bits);
        BigInteger quarter = FixedPi >> 1;
        BigInteger turns = ((2 * value) + quarter) / (2 * quarter);
        BigInteger rest = value - (turns * quarter);
        BigFloat sin = new(SinSeries(rest), -Bits), cos = new(CosSeries(rest), -Bits);
        return (int)(((turns % 4) + 4) % 4) switch
        {
            0 => (sin, cos),
            1 => (cos, -sin),
            2 => (-sin, -cos),
            _ => (-cos, sin),
        };
    }

    /// <summary>The arc tangent.</summary>
    public static BigFloat Atan(BigFloat x)
    {
        if (x.Abs() > BigFloat.One)
        {
            BigFloat quarter = x.Sign < 0 ? -Pi.Scale(-1) : Pi.Scale(-1);
            return quarter - Atan(BigFloat.One / x);
        }

        const int halvings = 4;
        for (int k = 0; k < halvings; k++)
        {
            x /= BigFloat.One + (BigFloat.One + (x * x)).Sqrt();
        }

        BigInteger value = x.ToFixed(Bits), square = (value * value) >> Bits, power = value, sum = value;
        for (int k = 3; !power.IsZero && k < 400; k += 2)
        {
            power = -((power * square) >> Bits);
            sum += power / k;
        }

        return new BigFloat(sum << halvings, -Bits);
    }

    private static BigInteger SinSeries(BigInteger x) => Series(x, x, 2);

    private static BigInteger CosSeries(BigInteger x) => Series(x, One, 1);

    private static BigInteger Series(BigInteger x, BigInteger first, int k)
    {
        BigInteger square = (x * x) >> Bits, term = first, sum = first;
        for (; !term.IsZero && k < 400; k += 2)
        {
            term = -((term * square) >> Bits) / (k * (k + 1));
            sum += term;
        }

        return sum;
    }

    // atan(1/n), or artanh(1/n), whose double for n = 3 is ln 2.
    private static BigInteger ArcTangentOfInverse(int n, bool alternating = true)
    {
        BigInteger power = One / n, sum = power;
        for (int k = 3; !power.IsZero; k += 2)
        {
            power /= n * n;
            sum += alternating && k % 4 == 3 ? -(power / k) : power / k;
        }

        return sum;
    }
}
