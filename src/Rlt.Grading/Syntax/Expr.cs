using Rlt.Grading.Numbers;

namespace Rlt.Grading.Syntax;

/// <summary>An answer as a tree. Depth and size are bounded by the parser.</summary>
internal abstract record Expr
{
    /// <summary>The parts, in reading order.</summary>
    public virtual IEnumerable<Expr> Parts => [];

    /// <summary>This and all parts of parts, in reading order.</summary>
    public IEnumerable<Expr> All()
    {
        var open = new Stack<Expr>([this]);
        while (open.TryPop(out Expr? next))
        {
            yield return next;
            foreach (Expr part in next.Parts.Reverse())
            {
                open.Push(part);
            }
        }
    }
}

/// <summary>A number as written.</summary>
/// <param name="Value">Its exact value.</param>
/// <param name="IsDecimal">Whether it has decimal places, so that it may be rounded.</param>
internal sealed record Number(Rational Value, bool IsDecimal = false) : Expr;

/// <summary>Digits in a base that a subscript names.</summary>
internal sealed record BaseNumber(string Digits, int Base) : Expr;

/// <summary>A variable, a point's name, a named set.</summary>
internal sealed record Symbol(string Name) : Expr;

/// <summary>π, e or i.</summary>
internal sealed record Constant(char Name) : Expr;

/// <summary>∞.</summary>
internal sealed record Infinity : Expr;

/// <summary>Words that stand for an answer or for a quantity.</summary>
internal sealed record Words(string Text) : Expr;

/// <summary>a + b + …</summary>
internal sealed record Sum(IReadOnlyList<Expr> Terms) : Expr
{
    public override IEnumerable<Expr> Parts => Terms;
}

/// <summary>a · b · …</summary>
internal sealed record Product(IReadOnlyList<Expr> Factors) : Expr
{
    public override IEnumerable<Expr> Parts => Factors;
}

/// <summary>a / b.</summary>
internal sealed record Quotient(Expr Top, Expr Bottom) : Expr
{
    public override IEnumerable<Expr> Parts => [Top, Bottom];
}

/// <summary>−a.</summary>
internal sealed record Negation(Expr Inner) : Expr
{
    public override IEnumerable<Expr> Parts => [Inner];
}

/// <summary>a to the power of b.</summary>
internal sealed record Power(Expr Base, Expr Exponent) : Expr
{
    public override IEnumerable<Expr> Parts => [Base, Exponent];
}

/// <summary>A function of arguments: a known one by its name, any other as a function of which nothing is known.</summary>
internal sealed record Call(string Name, IReadOnlyList<Expr> Arguments) : Expr
{
    public override IEnumerable<Expr> Parts => Arguments;
}

/// <summary>±a, or ∓a: two values at once.</summary>
internal sealed record PlusMinus(Expr Inner, bool MinusFirst) : Expr
{
    public override IEnumerable<Expr> Parts => [Inner];
}

/// <summary>a%.</summary>
internal sealed record Percent(Expr Inner) : Expr
{
    public override IEnumerable<Expr> Parts => [Inner];
}

/// <summary>a°.</summary>
internal sealed record Degrees(Expr Inner) : Expr
{
    public override IEnumerable<Expr> Parts => [Inner];
}

/// <summary>A quantity with its unit.</summary>
internal sealed record WithUnit(Expr Inner, string Unit) : Expr
{
    public override IEnumerable<Expr> Parts => [Inner];
}

/// <summary>Values in any order, without brackets: "1, 2", "1 and 2", "1 or 2".</summary>
internal sealed record Listing(IReadOnlyList<Expr> Items, bool IsOr = false) : Expr
{
    public override IEnumerable<Expr> Parts => Items;
}

/// <summary>Values in an order, or an interval's ends, with the brackets as written: ( or [.</summary>
internal sealed record Bracketed(char Open, IReadOnlyList<Expr> Items, char Close) : Expr
{
    public override IEnumerable<Expr> Parts => Items;
}

/// <summary>{a, b, …}.</summary>
internal sealed record SetOf(IReadOnlyList<Expr> Items) : Expr
{
    public override IEnumerable<Expr> Parts => Items;
}

/// <summary>{x | condition}.</summary>
internal sealed record SetBuilder(Expr Element, Expr Condition) : Expr
{
    public override IEnumerable<Expr> Parts => [Element, Condition];
}

/// <summary>A ∪ B, A ∩ B or A ∖ B.</summary>
internal sealed record SetOperation(char Operator, Expr Left, Expr Right) : Expr
{
    public override IEnumerable<Expr> Parts => [Left, Right];
}

/// <summary>A matrix or vector.</summary>
internal sealed record MatrixExpr(IReadOnlyList<IReadOnlyList<Expr>> Rows) : Expr
{
    public override IEnumerable<Expr> Parts => Rows.SelectMany(row => row);
}

/// <summary>a = b, a &lt; b ≤ c, x ∈ S: operands and the operators between them, one of = ≠ &lt; &gt; ≤ ≥ ≈ ∈ ∉ ≡.</summary>
internal sealed record Relation(IReadOnlyList<Expr> Operands, string Operators) : Expr
{
    public override IEnumerable<Expr> Parts => Operands;
}
