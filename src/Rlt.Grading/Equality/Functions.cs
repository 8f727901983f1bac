using System.Numerics;
using Rlt.Grading.Numbers;
using Rlt.Grading.Syntax;

namespace Rlt.Grading.Equality;

/// <summary>Values of functions.</summary>
internal static class Functions
{
    private const int CostOfSeries = 80;

    /// <summary>The value of a function.</summary>
    /// <param name="name">Its name in the tree.</param>
    /// <param name="values">Its arguments' values.</param>
    /// <param name="arguments">Its arguments as written: an angle may be in degrees.</param>
    /// <param name="valuation">Roots, factorials and the work that may be done.</param>
    public static Value Apply(string name, Value[] values, IReadOnlyList<Expr> arguments, Valuation valuation)
    {
        if (values.Length == 0)
        {
            throw new UngradableException("a function without arguments");
        }

        return name switch
        {
            "root" when values.Length == 2 && values[1].Whole is { } index => valuation.Root(values[0], index),
            "root" when values.Length == 2 => valuation.Pow(values[0], (Value)Rational.One / values[1]),
            "abs" => Abs(values[0]),
            "factorial" => valuation.Factorial(values[0]),
            "binomial" => Binomial(values, valuation),
            "floor" => new Rational(Floor(values[0]), 1),
            "ceil" => new Rational(-Floor(-values[0]), 1),
            "max" => values.Aggregate((a, b) => (Real(a) - Real(b)).Sign >= 0 ? a : b),
            "min" => values.Aggregate((a, b) => (Real(a) - Real(b)).Sign <= 0 ? a : b),
            "gcd" => values.Aggregate((a, b) => new Rational(BigInteger.GreatestCommonDivisor(Integer(a), Integer(b)), 1)),
            "lcm" => values.Aggregate(LeastCommonMultiple),
            "re" => values[0].IsExact ? values[0] : values[0].Rounded.Re,
            "im" => values[0].IsExact ? Rational.Zero : values[0].Rounded.Im,
            "sin" or "cos" or "tan" or "cot" or "sec" or "csc" => Circular(name, valuation.Angle(arguments[0]), valuation),
            _ when name.EndsWith("()", StringComparison.Ordinal) => Unknown(name, values),
            _ => Transcendental(name, values, valuation),
        };
    }

    private static Value Abs(Value value) => value.Exact is { } exact ? exact.Abs() : value.Rounded.Abs();

    private static Value Real(Value value) => value.IsReal ? value : throw new UngradableException("no order among complex numbers");

    private static BigInteger Integer(Value value) =>
        value.Exact is { IsInteger: true } exact ? exact.Numerator : throw new UngradableException("no whole number");

    private static BigInteger Floor(Value value) => value.Exact is { } exact ? exact.Floor() : Real(value).Rounded.Re.ToFixed(0);

    private static Value LeastCommonMultiple(Value a, Value b)
    {
        (BigInteger x, BigInteger y) = (Integer(a), Integer(b));
        return x.IsZero || y.IsZero ? Rational.Zero : new Rational(BigInteger.Abs(x * y) / BigInteger.GreatestCommonDivisor(x, y), 1);
    }

    private static Value Binomial(Value[] values, Valuation valuation)
    {
        if (values.Length != 2 || values[1].Whole is not (>= 0 and <= 2000) || values[1].Whole is not { } k || values[0].Exact is not { } n)
        {
            throw new UngradableException("no such binomial coefficient");
        }

        Rational product = Rational.One;
        for (int j = 0; j < k; j++)
        {
            valuation.Spend(1 + (int)(product.Bits / 200));
            product = product * (n - j) / (j + 1);
        }

        return product;
    }

    private static Value Circular(string name, Value angle, Valuation valuation)
    {
        if (angle.IsZero)
        {
            return name is "cos" or "sec" ? Rational.One : name is "sin" or "tan" ? Rational.Zero : throw new UngradableException("division by zero");
        }

        valuation.Spend(CostOfSeries);
        (BigComplex sin, BigComplex cos) = angle.Rounded.SinCos();
        return name switch
        {
            "sin" => sin,
            "cos" => cos,
            "tan" => Over(sin, cos),
            "cot" => Over(cos, sin),
            "sec" => Over(BigFloat.One, cos),
            _ => Over(BigFloat.One, sin),
        };
    }

    // At its poles a quotient is rounded to something huge instead of nothing.
    private static Value Over(BigComplex top, BigComplex bottom) =>
        bottom.Abs().Magnitude < -150 ? throw new UngradableException("division by zero") : top / bottom;

    private static Value Transcendental(string name, Value[] values, Valuation valuation)
    {
        valuation.Spend(2 * CostOfSeries);
        BigComplex x = values[0].Rounded, one = BigFloat.One;
        return name switch
        {
            "exp" => values[0].IsZero ? Rational.One : x.Exp(),
            "ln" => Ln(values[0]),
            "lg" => Ln(values[0]) / Ln((Rational)10),
            // Without a base the natural one and ten are both common; equal expressions are equal in either.
            "log" => Ln(values[0]) / Ln(values.Length > 1 ? values[1] : (Rational)10),
            "arctan" => Real(values[0]).IsZero ? Rational.Zero : BigFunctions.Atan(x.Re),
            "arccot" => (Value)BigFunctions.Pi.Scale(-1) - (Value)BigFunctions.Atan(Real(values[0]).Rounded.Re),
            "arcsin" => ArcSine(values[0]),
            "arccos" => (Value)BigFunctions.Pi.Scale(-1) - ArcSine(values[0]),
            "sinh" => (x.Exp() - (-x).Exp()) / (one + one),
            "cosh" => (x.Exp() + (-x).Exp()) / (one + one),
            "tanh" => (x.Exp() - (-x).Exp()) / (x.Exp() + (-x).Exp()),
            "arg" => x.Argument(),
            _ => throw new UngradableException("an unknown function"),
        };
    }

    private static Value Ln(Value value) => value.Exact == Rational.One ? Rational.Zero : value.Rounded.Ln();

    private static Value ArcSine(Value value)
    {
        BigFloat x = Real(value).Rounded.Re, rest = BigFloat.One - (x * x);
        if (rest.Sign < 0)
        {
            throw new UngradableException("no arc sine");
        }

        BigFloat quarter = BigFunctions.Pi.Scale(-1);
        return rest.IsZero ? (x.Sign < 0 ? -quarter : quarter) : BigFunctions.Atan(x / rest.Sqrt());
    }

    /// <summary>Some value that depends on the name and the arguments alone.</summary>
    public static Value Unknown(string name, Value[] values)
    {
        uint hash = 2166136261;
        foreach (char letter in name + string.Concat(values.Select(Key)))
        {
            hash = (hash ^ letter) * 16777619;
        }

        return new Rational((hash >> 8) + 1, 65537);
    }

    private static string Key(Value value) => value.Exact is { } exact
        ? $"{exact.Numerator}/{exact.Denominator};"
        : $"{value.Rounded.Re.ToFixed(100)},{value.Rounded.Im.ToFixed(100)};";
}
