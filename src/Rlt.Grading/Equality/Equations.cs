using Rlt.Grading.Numbers;
using Rlt.Grading.Syntax;

namespace Rlt.Grading.Equality;

/// <summary>Equations and inequalities as statements: which quantity they give, and whether two say the same.</summary>
internal static class Equations
{
    /// <summary>An equation's two sides: what it names and the value it ends with. x = 2 + 3 = 5 ≈ 5.0 is x = 5.</summary>
    public static (Expr Name, Expr Value)? Sides(Expr expression)
    {
        if (expression is not Relation relation || relation.Operators.Any(sign => sign is not ('=' or '≈' or '≡')))
        {
            return null;
        }

        int exact = relation.Operators.IndexOf('≈', StringComparison.Ordinal);
        int last = exact < 0 ? relation.Operators.Length : exact > 0 || !IsName(relation.Operands[0]) ? exact : 1;
        Expr left = last > 1 && IsName(relation.Operands[last - 1]) ? relation.Operands[last - 1] : relation.Operands[0], right = relation.Operands[last];
        return !IsName(left) && IsName(right) && right is Symbol ? (right, left) : (left, right);
    }

    /// <summary>Is it the name of a quantity: a variable, f(x), AB, |AB|, (p, q), a ratio of such; not a sum, not with a number.</summary>
    public static bool IsName(Expr expression) => expression switch
    {
        Symbol or Words or Constant => true,
        Call call => call.Name.EndsWith("()", StringComparison.Ordinal)
            || (call.Name is not ("root" or "factorial" or "binomial") && call.Arguments.All(IsName)),
        Bracketed or Product or Quotient => expression.Parts.All(IsName),
        _ => false,
    };

    /// <summary>The values given to several names: p = 5, q = 2, in any brackets, or (p, q) = (5, 2); null where it is anything else.</summary>
    public static Expr[]? Assignments(Expr expression) => expression switch
    {
        Listing list => Each(list.Items),
        SetOf set => Each(set.Items),
        Bracketed bracketed => Each(bracketed.Items),
        Relation { Operators: "=", Operands: [Bracketed names, Bracketed values] } when names.Items.Count == values.Items.Count && names.Items.Count > 1
            && names.Items.All(IsName)
            => [.. names.Items.Zip(values.Items, (name, value) => new Relation([name, value], "="))],
        _ => null,
    };

    /// <summary>Do assignments give values to the same names, each to one.</summary>
    public static bool NameTheSame(Expr[] assignments, Expr[] others)
    {
        string[] names = [.. Names(assignments)];
        return names.Distinct().Count() == names.Length && names.Order(StringComparer.Ordinal).SequenceEqual(Names(others).Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> Names(Expr[] assignments) => assignments.Select(assignment => Text(((Relation)assignment).Operands[0]));

    private static Expr[]? Each(IReadOnlyList<Expr> items) =>
        items.Count > 1 && items.All(item => item is Relation { Operators: "=", Operands: [var name, _] } && IsName(name)) ? [.. items] : null;

    /// <summary>Two names of one quantity: the same, or a function's with another argument's name, which then replaces the one in its value.</summary>
    /// <returns>The second equation's value in terms of the first one's name; null where they name two quantities.</returns>
    public static Expr? Renamed(Expr name, Expr otherName, Expr otherValue)
    {
        if (Text(name) == Text(otherName) || IsFunctionOf(name, otherName) || IsFunctionOf(otherName, name))
        {
            return otherValue;
        }

        return Head(name) is var (function, argument) && Head(otherName) is var (otherFunction, otherArgument) && function == otherFunction
            ? Substitution.Rename(otherValue, new Dictionary<string, string> { [otherArgument] = argument })
            : null;
    }

    /// <summary>Whether two relations say the same: both sides' difference is the other's times a constant, a positive one where there is an order.</summary>
    public static bool SameStatement(Relation left, Relation right, WorkBudget work)
    {
        Link[] links = [.. Links(left)];
        Link[] others = [.. Links(right)];
        return links.Length == others.Length && links.All(link => others.Any(other => Same(link, other, work)))
            && others.All(other => links.Any(link => Same(link, other, work)));
    }

    private static IEnumerable<Link> Links(Relation relation) => relation.Operators.Select((sign, i) =>
    {
        (Expr a, Expr b) = (relation.Operands[i], relation.Operands[i + 1]);
        return sign is '>' or '≥' ? new Link(new Sum([a, new Negation(b)]), sign == '>' ? '<' : '≤') : new Link(new Sum([b, new Negation(a)]), sign);
    });

    private static bool Same(Link left, Link right, WorkBudget work)
    {
        if (left.Sign != right.Sign)
        {
            return false;
        }

        IReadOnlyList<string> names = Variables.Of(left.Difference, right.Difference);
        bool areWhole = Variables.AreWhole(left.Difference, right.Difference);
        Value? ratio = null;
        int compared = 0;
        for (int n = 0; n < Variables.Points && names.Count > 0; n++)
        {
            if (ScalarEquality.At(
                Variables.Point(names, areWhole, n), n >= Variables.Points / 2, work, left.Difference, right.Difference) is not { } values
                    || (values[0].IsZero && values[1].IsZero))
            {
                continue;
            }

            if (values[0].IsZero || values[1].IsZero || !Value.Same(ratio ??= values[0] / values[1], values[0] / values[1]))
            {
                return false;
            }

            compared++;
        }

        return compared >= 3 && (left.Sign is not ('<' or '≤') || (ratio!.Value.IsReal && ratio.Value.Sign > 0));
    }

    // y_1(x) is y_1; without a subscript it might as well be a product.
    private static bool IsFunctionOf(Expr function, Expr name) =>
        name is Symbol symbol && symbol.Name.Contains('_', StringComparison.Ordinal) && Head(function)?.Function == symbol.Name + "()";

    private static (string Function, string Argument)? Head(Expr name) => name switch
    {
        Call { Arguments: [Symbol argument] } call => (call.Name, argument.Name),
        Product { Factors: [Symbol function, Symbol argument] } => (function.Name + "()", argument.Name),
        _ => null,
    };

    private static string Text(Expr name) => name switch
    {
        Symbol symbol => symbol.Name,
        Words words => words.Text,
        Constant constant => constant.Name.ToString(),
        Call call => call.Name + "(" + string.Join(',', call.Parts.Select(Text)) + ")",
        Number number => $"{number.Value.Numerator}/{number.Value.Denominator}",
        Quotient quotient => $"({Text(quotient.Top)})/({Text(quotient.Bottom)})",
        _ => name.GetType().Name + "(" + string.Join(',', name.Parts.Select(Text)) + ")",
    };

    private sealed record Link(Expr Difference, char Sign);
}
