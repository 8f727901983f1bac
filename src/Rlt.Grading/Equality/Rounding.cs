using Rlt.Grading.Numbers;

namespace Rlt.Grading.Equality;

/// <summary>Agreement of decimals with what they were rounded from.</summary>
internal static class Rounding
{
    /// <summary>Do two numbers agree to decimal places, and, where they are small, in half as many significant digits.</summary>
    public static bool Agree(Value left, Value right, int places)
    {
        places = Math.Clamp(places, 0, GradingOptions.MostPrecision);
        BigComplex difference = left.Rounded - right.Rounded;
        BigFloat error = difference.Abs();
        BigFloat size = Max(left.Rounded.Abs(), right.Rounded.Abs());
        return !Above(error, BigFloat.From(((Rational)10).Pow(-places)).Scale(-1)) && !Above(error, size * BigFloat.From(((Rational)10).Pow(-(places / 2))));
    }

    private static BigFloat Max(BigFloat a, BigFloat b) => a > b ? a : b;

    // Half a unit in the last place itself agrees, whichever way binary rounding put it.
    private static bool Above(BigFloat error, BigFloat limit) => error > limit + limit.Scale(-100);
}
