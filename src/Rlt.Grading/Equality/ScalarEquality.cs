using Rlt.Grading.Numbers;
using Rlt.Grading.Syntax;

namespace Rlt.Grading.Equality;

/// <summary>Equality of numbers and of expressions with variables.</summary>
/// <remarks>
/// Numbers are compared exactly while both are fractions, else to 33 digits; where one is written as a decimal, to the asked decimal places.
/// Expressions are the same if they have the same value at every test point: an identity of polynomials and fractions of them by exact arithmetic.
/// </remarks>
internal static class ScalarEquality
{
    private const int FewestPoints = 3;

    /// <summary>Whether two expressions are the same.</summary>
    public static bool Same(Expr left, Expr right, int precision, WorkBudget work)
    {
        if (SignOfInfinity(left) is var a && SignOfInfinity(right) is var b && (a != 0 || b != 0))
        {
            return a == b;
        }

        IReadOnlyList<string> names = Variables.Of(left, right);
        try
        {
            return names.Count == 0 ? SameConstants(left, right, precision, work) : SameEverywhere(left, right, names, work);
        }
        catch (UngradableException)
        {
            return false;
        }
    }

    /// <summary>The value of an expression without variables; null where it has none.</summary>
    public static Value? Constant(Expr expression, WorkBudget work)
    {
        try
        {
            return new Valuation(new Dictionary<string, Value>(), work).Of(expression);
        }
        catch (UngradableException)
        {
            return null;
        }
    }

    /// <summary>+1, −1, or 0 where it is not infinite.</summary>
    public static int SignOfInfinity(Expr expression) => expression switch
    {
        Infinity => 1,
        Negation negation => -SignOfInfinity(negation.Inner),
        _ => 0,
    };

    /// <summary>The values of expressions at a test point; null where one has none, or is real by accident only.</summary>
    public static Value[]? At(IReadOnlyDictionary<string, Value> point, bool mustBeReal, WorkBudget work, params ReadOnlySpan<Expr> expressions)
    {
        var valuation = new Valuation(point, work);
        var values = new Value[expressions.Length];
        try
        {
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = valuation.Of(expressions[i]);
            }
        }
        catch (UngradableException)
        {
            // Work that is used up ends the whole comparison.
            work.Spend(0);
            return null;
        }

        return mustBeReal && valuation.WasComplex ? null : values;
    }

    private static bool SameConstants(Expr left, Expr right, int precision, WorkBudget work)
    {
        var valuation = new Valuation(new Dictionary<string, Value>(), work);
        (Value a, Value b) = (valuation.Of(left), valuation.Of(right));
        return Value.Same(a, b) || (left.All().Concat(right.All()).Any(part => part is Number { IsDecimal: true }) && Rounding.Agree(a, b, precision));
    }

    private static bool SameEverywhere(Expr left, Expr right, IReadOnlyList<string> names, WorkBudget work)
    {
        bool areWhole = Variables.AreWhole(left, right);
        int compared = 0;
        for (int n = 0; n < Variables.Points; n++)
        {
            // Where a root or logarithm has left the real numbers, identities of positive numbers need not hold.
            bool mustBeReal = n >= Variables.Points / 2;
            if (At(Variables.Point(names, areWhole, n), mustBeReal, work, left, right) is not { } values)
            {
                continue;
            }

            if (!Value.Same(values[0], values[1]))
            {
                return false;
            }

            compared++;
        }

        return compared >= FewestPoints;
    }
}
