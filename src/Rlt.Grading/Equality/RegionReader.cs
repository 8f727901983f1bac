using Rlt.Grading.Numbers;
using Rlt.Grading.Syntax;

namespace Rlt.Grading.Equality;

/// <summary>Reads sets and inequalities in one variable as regions of the real line.</summary>
internal sealed class RegionReader(int precision, WorkBudget work)
{
    /// <summary>The region of a set: intervals, lists of numbers, and their unions; null where it is none.</summary>
    public static Region? OfSet(Expr set) => set switch
    {
        Bracketed { Items: [var low, var high] } interval => Interval(interval.Open == '[', low, high, interval.Close == ']'),
        SetOf points => points.Items.Aggregate(
            (Region?)new Region.Nothing(), (region, point) => Join('∪', region, IsNumber(point) ? Region.Point(point) : null)),
        SetOperation operation => Join(operation.Operator, OfSet(operation.Left), OfSet(operation.Right)),
        Symbol { Name: "mathbb:R" } => Region.All,
        _ => null,
    };

    /// <summary>The region of inequalities in one unknown, joined by "and" or "or"; null where they are none.</summary>
    public Region? OfRelation(Expr relation) => relation switch
    {
        Relation one => OfChain(one),
        Listing { IsOr: true } either => either.Items.Select(OfRelation).Aggregate((a, b) => Join('∪', a, b)),
        Listing both => OfBoth(both),
        _ => null,
    };

    /// <summary>Is it an inequality or several.</summary>
    public static bool IsInequality(Expr expression) => expression switch
    {
        Relation relation => relation.Operators.Any(sign => "<>≤≥≠".Contains(sign, StringComparison.Ordinal)),
        Listing list => list.Items.All(item => item is Relation) && list.Items.Any(IsInequality),
        _ => false,
    };

    private static bool IsNumber(Expr expression) => Variables.Of(expression).Count == 0 && expression is not (Bracketed or SetOf or Relation or MatrixExpr);

    private static Region.Joined? Join(char sign, Region? left, Region? right) => left is null || right is null ? null : new Region.Joined(sign, left, right);

    private static Region.Span? Interval(bool hasLow, Expr low, Expr high, bool hasHigh) =>
        IsNumber(low) && IsNumber(high) && ScalarEquality.SignOfInfinity(low) <= 0 && ScalarEquality.SignOfInfinity(high) >= 0
        ? new Region.Span(ScalarEquality.SignOfInfinity(low) < 0 ? null : low, hasLow, ScalarEquality.SignOfInfinity(high) > 0 ? null : high, hasHigh)
        : null;

    // "x < 1 and x > 3" means either: nobody answers with nothing.
    private Region? OfBoth(Listing both)
    {
        Region?[] regions = [.. both.Items.Select(OfRelation)];
        Region? all = regions.Aggregate((a, b) => Join('∩', a, b));
        return all is not null && Region.IsEmpty(all, precision, work) == true ? regions.Aggregate((a, b) => Join('∪', a, b)) : all;
    }

    private Region? OfChain(Relation chain)
    {
        Region? region = Region.All;
        for (int i = 0; i < chain.Operators.Length; i++)
        {
            region = Join('∩', region, OfLink(chain.Operands[i], chain.Operators[i], chain.Operands[i + 1]));
        }

        return Variables.Of(chain).Count == 1 ? region : null;
    }

    private Region? OfLink(Expr left, char sign, Expr right)
    {
        if (sign == '∈')
        {
            return left is Symbol ? OfSet(right) : null;
        }

        return Variables.Of(right).Count == 0 ? Solved(left, sign, right) : Variables.Of(left).Count == 0 ? Solved(right, Flipped(sign), left) : null;
    }

    private static char Flipped(char sign) => sign switch
    {
        '<' => '>',
        '>' => '<',
        '≤' => '≥',
        '≥' => '≤',
        _ => sign,
    };

    private Region? Solved(Expr unknown, char sign, Expr bound)
    {
        bool isInfinite = ScalarEquality.SignOfInfinity(bound) != 0;
        return unknown switch
        {
            _ when isInfinite => Region.All,
            Symbol or Call { Name: not ("abs" or "root") } => Beside(sign, bound),
            Call { Name: "abs", Arguments: [Symbol] } => Around(sign, bound),
            _ => Linear(unknown, sign, bound),
        };
    }

    private static Region? Beside(char sign, Expr bound) => sign switch
    {
        '<' or '≤' => new Region.Span(null, false, bound, sign == '≤'),
        '>' or '≥' => new Region.Span(bound, sign == '≥', null, false),
        '=' => Region.Point(bound),
        '≠' => new Region.Joined('∖', Region.All, Region.Point(bound)),
        _ => null,
    };

    private static Region? Around(char sign, Expr bound) => sign switch
    {
        '<' or '≤' => new Region.Span(new Negation(bound), sign == '≤', bound, sign == '≤'),
        '>' or '≥' => new Region.Joined('∖', Region.All, new Region.Span(new Negation(bound), sign == '>', bound, sign == '>')),
        '=' => new Region.Joined('∪', Region.Point(new Negation(bound)), Region.Point(bound)),
        _ => null,
    };

    // a·x + b against c: x against (c − b) / a, turned round where a is negative.
    private Region? Linear(Expr unknown, char sign, Expr bound)
    {
        string name = Variables.Of(unknown) is [var only] ? only : "";
        Rational?[] at = [.. Enumerable.Range(0, 3).Select(
            x => ScalarEquality.At(new Dictionary<string, Value> { [name] = (Rational)x }, false, work, unknown)?[0].Exact)];
        if (at is not [{ } zero, { } one, { } two] || two - one != one - zero || one == zero)
        {
            return null;
        }

        Rational slope = one - zero;
        Expr solution = new Quotient(new Sum([bound, new Number(-zero)]), new Number(slope));
        return Beside(slope.Sign < 0 ? Flipped(sign) : sign, solution);
    }
}
