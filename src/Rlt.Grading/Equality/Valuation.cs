using System.Numerics;
using Rlt.Grading.Numbers;
using Rlt.Grading.Syntax;

namespace Rlt.Grading.Equality;

/// <summary>The value of an expression where its variables have given values.</summary>
internal sealed class Valuation(IReadOnlyDictionary<string, Value> variables, WorkBudget work)
{
    private const int MostFactorial = 2000;

    // Fewer than rounding leaves alone.
    private const int GrowthBits = 80;

    /// <summary>Whether a step on the way was not a real number.</summary>
    public bool WasComplex { get; private set; }

    /// <summary>Values an expression.</summary>
    /// <exception cref="UngradableException">It has no value there, or no number as its value, or takes too much work.</exception>
    public Value Of(Expr expression)
    {
        work.Spend(1);
        Value value = expression switch
        {
            Number number => number.Value,
            BaseNumber digits => digits.Digits.Aggregate(Rational.Zero, (sum, digit) => (sum * digits.Base) + (digit - '0')),
            Constant constant => Named(constant.Name),
            Symbol symbol => Variable(symbol.Name),
            Words words => Variable("text:" + words.Text),
            Sum sum => Fold(sum.Terms, (a, b) => a + b),
            Product product => Fold(product.Factors, (a, b) => a * b),
            Quotient quotient => Divide(Of(quotient.Top), Of(quotient.Bottom)),
            Negation negation => -Of(negation.Inner),
            Power power => Raise(power),
            Percent percent => Of(percent.Inner) / (Value)(Rational)100,
            Degrees degrees => Of(degrees.Inner),
            WithUnit quantity => Of(quantity.Inner),
            Bracketed { Items: [var one] } => Of(one),
            SetOf { Items: [var one] } => Of(one),
            Call { Name: "sum()", Arguments: [var lower, var upper, var term, Symbol counter] } => Series([Of(lower), Of(upper)], term, counter.Name),
            Call call => Functions.Apply(call.Name, [.. call.Arguments.Select(Of)], call.Arguments, this),
            _ => throw new UngradableException("no number"),
        };
        work.Spend(value.Cost);
        WasComplex |= !value.IsReal;
        return value;
    }

    /// <summary>Takes from the work that may be done.</summary>
    public void Spend(int cost) => work.Spend(cost);

    /// <summary>An angle: degrees become radians.</summary>
    public Value Angle(Expr expression)
    {
        Value value = Of(expression);
        return expression.All().Any(part => part is Degrees) ? value * (Value)BigFunctions.Pi / (Value)(Rational)180 : value;
    }

    /// <summary>a to the power of b: exact where the result can be.</summary>
    public Value Pow(Value radix, Value exponent)
    {
        if (exponent.Whole is { } whole && radix.Exact is { } exact
            && (Math.Abs((long)whole) * exact.Bits <= Value.MostExactBits || exact.Abs() == Rational.One || exact.IsZero))
        {
            work.Spend(1 + (int)(Math.Abs((long)whole) * exact.Bits / 500));
            return exact.Abs() == Rational.One ? (whole % 2 == 0 ? Rational.One : exact)
                : exact.IsZero && whole <= 0 ? throw new UngradableException("a power of 0")
                : exact.Pow(exact.IsZero ? 1 : whole);
        }

        if (exponent.Exact is { } fraction && !fraction.IsInteger && fraction.Denominator <= 1000 && radix.IsReal)
        {
            return Pow(Root(radix, (int)fraction.Denominator), (Rational)1 * new Rational(fraction.Numerator, 1));
        }

        work.Spend(120);
        return Snap(radix.Rounded.Pow(exponent.Rounded), radix, exponent);
    }

    /// <summary>The n-th root: real where there is a real one, else the principal one.</summary>
    public Value Root(Value value, int n)
    {
        work.Spend(20);
        if (n < 1)
        {
            throw new UngradableException("no such root");
        }

        if (value.Exact is { } exact && exact.Root(n) is { } root)
        {
            return root;
        }

        if (!value.IsReal)
        {
            work.Spend(120);
            return value.Rounded.Pow(BigFloat.From(new Rational(1, n)));
        }

        BigFloat size = value.Rounded.Re.Abs();
        if (size.IsZero)
        {
            return Rational.Zero;
        }

        work.Spend(n == 2 ? 0 : 120);
        BigFloat magnitude = n == 2 ? size.Sqrt() : BigFunctions.Exp(BigFunctions.Ln(size) / n);
        if (value.Sign > 0)
        {
            return magnitude;
        }

        if (n % 2 == 1)
        {
            return -magnitude;
        }

        (BigFloat sin, BigFloat cos) = BigFunctions.SinCos(BigFunctions.Pi / n);
        return n == 2 ? new BigComplex(BigFloat.Zero, magnitude) : new BigComplex(magnitude * cos, magnitude * sin);
    }

    /// <summary>n!, of a whole number of at least 0.</summary>
    public Value Factorial(Value value)
    {
        if (value.Whole is not (>= 0 and <= MostFactorial) || value.Whole is not { } n)
        {
            throw new UngradableException("no such factorial");
        }

        BigInteger product = BigInteger.One;
        for (int k = 2; k <= n; k++)
        {
            work.Spend(1 + (k / 200));
            product *= k;
        }

        return new Rational(product, 1);
    }

    // Rounding makes a real power of real numbers complex by a hair.
    private static Value Snap(BigComplex power, Value radix, Value exponent) =>
        radix.IsReal && exponent.IsReal && radix.Sign >= 0 ? power.Re : power;

    private static Value Divide(Value top, Value bottom)
    {
        bool isNearZero = !bottom.IsExact && bottom.Rounded.Abs().Magnitude < -150;
        return bottom.IsZero || isNearZero ? throw new UngradableException("division by zero") : top / bottom;
    }

    private Value Fold(IReadOnlyList<Expr> parts, Func<Value, Value, Value> join)
    {
        Value value = Of(parts[0]);
        for (int i = 1; i < parts.Count; i++)
        {
            value = join(value, Of(parts[i]));
            work.Spend(value.Cost);
        }

        return value;
    }

    // Some value that depends on the bounds and on how the term grows from one place to the next, times the term: what does not depend on the counter may
    // stand before the sum.
    private Value Series(Value[] bounds, Expr term, string counter)
    {
        Value here = Of(term), next = new Valuation(new Dictionary<string, Value>(variables) { [counter] = Variable(counter) + (Value)Rational.One }, work).Of(term);
        BigComplex growth = here.IsZero ? BigFloat.Zero : (next / here).Rounded;
        return (here.IsZero ? next : here) * Functions.Unknown("sum", [.. bounds, Fixed(growth.Re), Fixed(growth.Im)]);
    }

    private static Value Fixed(BigFloat value) => new Rational((value.ToFixed(GrowthBits + 1) + 1) >> 1, 1);

    private Value Raise(Power power)
    {
        Value radix = power.Base is Constant { Name: 'e' } ? default : Of(power.Base);
        Value exponent = Of(power.Exponent);
        if (power.Base is not Constant { Name: 'e' })
        {
            return Pow(radix, exponent);
        }

        work.Spend(60);
        return exponent.IsZero ? Rational.One : exponent.Rounded.Exp();
    }

    private Value Named(char name)
    {
        work.Spend(name == 'e' ? 40 : 1);
        return name switch
        {
            'π' => BigFunctions.Pi,
            'e' => BigFunctions.Exp(BigFloat.One),
            _ => BigComplex.I,
        };
    }

    private Value Variable(string name) => variables.TryGetValue(name, out Value value) ? value : throw new UngradableException("a variable without a value");
}
