using System.Globalization;
using System.Numerics;
using Rlt.Grading.Numbers;

namespace Rlt.Tests.Grading;

/// <summary>High-precision functions against published digits and identities.</summary>
public sealed class NumbersTests
{
    // 60 digits after the point, rounded down.
    private const int Places = 60;

    [Fact]
    public void Functions_OfSmallNumbers_HavePublishedDigits()
    {
        AssertDigits("3141592653589793238462643383279502884197169399375105820974944", BigFunctions.Pi);
        AssertDigits("2718281828459045235360287471352662497757247093699959574966967", BigFunctions.Exp(1));
        AssertDigits("0693147180559945309417232121458176568075500134360255254120680", BigFunctions.Ln2);
        AssertDigits("1098612288668109691395245236922525704647490557822749451734694", BigFunctions.Ln(3));
        AssertDigits("0841470984807896506652502321630298999622563060798371065672751", BigFunctions.SinCos(1).Sin);
        AssertDigits("0540302305868139717400936607442976603732310420617922227670097", BigFunctions.SinCos(1).Cos);
        AssertDigits("1414213562373095048801688724209698078569671875376948073176679", ((BigFloat)2).Sqrt());
        AssertDigits("0785398163397448309615660845819875721049292349843776455243736", BigFunctions.Atan(1));
    }

    [Theory]
    [InlineData(1, 7)]
    [InlineData(-22, 7)]
    [InlineData(355, 113)]
    [InlineData(1000, 3)]
    [InlineData(-1, 1000)]
    public void Functions_OfAnyNumber_KeepTheirIdentities(int top, int bottom)
    {
        var x = BigFloat.From(new Rational(top, bottom));
        (BigFloat sin, BigFloat cos) = BigFunctions.SinCos(x);
        AssertNear(BigFloat.One, (sin * sin) + (cos * cos));
        AssertNear(x.Abs(), BigFunctions.Ln(BigFunctions.Exp(x.Abs())));
        (BigFloat doubleSin, BigFloat doubleCos) = BigFunctions.SinCos(x.Scale(1));
        AssertNear(doubleSin, (sin * cos).Scale(1));
        AssertNear(doubleCos, (cos * cos) - (sin * sin));
        BigFloat angle = BigFunctions.Atan(x);
        (BigFloat s, BigFloat c) = BigFunctions.SinCos(angle);
        AssertNear(x, s / c);
    }

    [Theory]
    [InlineData(27, 8, 3, 3, 2)]
    [InlineData(-27, 8, 3, -3, 2)]
    [InlineData(2, 1, 1000000, 0, 0)]
    [InlineData(16, 1, 4, 2, 1)]
    [InlineData(17, 1, 4, 0, 0)]
    [InlineData(-16, 1, 4, 0, 0)]
    public void Root_OfAFraction_IsExactWhereItIsAFraction(int top, int bottom, int n, int rootTop, int rootBottom) =>
        Assert.Equal(rootBottom == 0 ? null : new Rational(rootTop, rootBottom), new Rational(top, bottom).Root(n));

    [Fact]
    public void Rational_Arithmetic_KeepsLowestTerms()
    {
        Rational a = new(6, -4), b = new(1, 6);
        Assert.Equal((new Rational(-3, 2), new BigInteger(-3), new BigInteger(2)), (a, a.Numerator, a.Denominator));
        Assert.Equal((new Rational(-4, 3), new Rational(-5, 3), new Rational(-1, 4), new Rational(-9, 1)), (a + b, a - b, a * b, a / b));
        Assert.Equal((new BigInteger(-2), new Rational(4, 9)), (a.Floor(), a.Pow(-2)));
        Assert.Throws<UngradableException>(() => a / Rational.Zero);
    }

    private static void AssertDigits(string digits, BigFloat value) =>
        Assert.Equal(BigInteger.Parse(digits, CultureInfo.InvariantCulture), (value * BigFloat.From(new Rational(BigInteger.Pow(10, Places), 1))).ToFixed(0));

    private static void AssertNear(BigFloat expected, BigFloat actual) => Assert.True((expected - actual).Abs().Magnitude < Math.Max(0, expected.Magnitude) - 190);
}
