using Rlt.Grading.Numbers;
using Rlt.Grading.Syntax;

namespace Rlt.Grading.Equality;

/// <summary>The variables of expressions, and points at which identities are tested.</summary>
internal static class Variables
{
    /// <summary>Points of a test.</summary>
    public const int Points = 8;

    private static readonly int[] Tops = [7, 11, 5, 13, 3, 17, 2, 19, 23, 29, 31];
    private static readonly int[] Bottoms = [3, 5, 8, 9, 4, 7, 6];

    /// <summary>The variables' names, in order of appearance.</summary>
    public static IReadOnlyList<string> Of(params IEnumerable<Expr> expressions) => [.. expressions
        .SelectMany(expression => expression.All())
        .Select(part => part is Symbol symbol ? symbol.Name : part is Words words ? "text:" + words.Text : null)
        .OfType<string>()
        .Distinct()];

    /// <summary>Is it meant for whole numbers: a factorial or floor of a variable, a variable exponent.</summary>
    public static bool AreWhole(params IEnumerable<Expr> expressions) => expressions.SelectMany(expression => expression.All()).Any(part => part switch
    {
        Call { Name: "factorial" or "binomial" or "floor" or "ceil" or "gcd" or "lcm" } call => Of(call.Arguments).Count > 0,
        Power power => Of(power.Exponent).Count > 0,
        _ => false,
    });

    /// <summary>The n-th point: whole numbers above 1, or fractions, all positive at the first half of the points.</summary>
    public static Dictionary<string, Value> Point(IReadOnlyList<string> names, bool areWhole, int n)
    {
        var point = new Dictionary<string, Value>();
        for (int j = 0; j < names.Count; j++)
        {
            int sign = n >= Points / 2 && (n + j) % 2 == 0 ? -1 : 1;
            point[names[j]] = areWhole
                ? (Rational)(2 + (((n * 7) + (j * 5) + (n * j * 3)) % 13))
                : new Rational(sign * Tops[((n * 4) + (j * 3)) % Tops.Length], Bottoms[((n * 2) + (j * 3) + (j / Bottoms.Length)) % Bottoms.Length]);
        }

        return point;
    }
}
