using Rlt.Grading.Syntax;

namespace Rlt.Grading.Equality;

/// <summary>Trees with some parts replaced.</summary>
internal static class Substitution
{
    /// <summary>The tree with variables renamed.</summary>
    public static Expr Rename(Expr expression, IReadOnlyDictionary<string, string> names) =>
        Map(expression, part => part is Symbol symbol && names.TryGetValue(symbol.Name, out string? name) ? new Symbol(name) : null);

    /// <summary>The two values of a tree with ±: all upper signs, all lower signs; null where it has none.</summary>
    public static Expr[]? Signs(Expr expression) => expression.All().Any(part => part is PlusMinus)
        ? [WithSigns(expression, isUpper: true), WithSigns(expression, isUpper: false)]
        : null;

    private static Expr WithSigns(Expr expression, bool isUpper) => Map(expression, part => part is not PlusMinus signed ? null
        : signed.MinusFirst == isUpper ? new Negation(WithSigns(signed.Inner, isUpper)) : WithSigns(signed.Inner, isUpper));

    private static Expr Map(Expr expression, Func<Expr, Expr?> replace)
    {
        if (replace(expression) is { } replaced)
        {
            return replaced;
        }

        Expr Inner(Expr part) => Map(part, replace);
        Expr[] Each(IReadOnlyList<Expr> parts) => [.. parts.Select(Inner)];
        return expression switch
        {
            Sum sum => new Sum(Each(sum.Terms)),
            Product product => new Product(Each(product.Factors)),
            Quotient quotient => new Quotient(Inner(quotient.Top), Inner(quotient.Bottom)),
            Negation negation => new Negation(Inner(negation.Inner)),
            Power power => new Power(Inner(power.Base), Inner(power.Exponent)),
            Call call => new Call(call.Name, Each(call.Arguments)),
            PlusMinus signed => signed with { Inner = Inner(signed.Inner) },
            Percent percent => new Percent(Inner(percent.Inner)),
            Degrees degrees => new Degrees(Inner(degrees.Inner)),
            WithUnit quantity => quantity with { Inner = Inner(quantity.Inner) },
            Listing list => list with { Items = Each(list.Items) },
            Bracketed bracketed => bracketed with { Items = Each(bracketed.Items) },
            SetOf set => new SetOf(Each(set.Items)),
            SetBuilder builder => new SetBuilder(Inner(builder.Element), Inner(builder.Condition)),
            SetOperation operation => operation with { Left = Inner(operation.Left), Right = Inner(operation.Right) },
            MatrixExpr matrix => new MatrixExpr([.. matrix.Rows.Select(Each)]),
            Relation relation => relation with { Operands = Each(relation.Operands) },
            _ => expression,
        };
    }
}
