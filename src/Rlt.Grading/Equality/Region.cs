using Rlt.Grading.Numbers;
using Rlt.Grading.Syntax;

namespace Rlt.Grading.Equality;

/// <summary>A set of real numbers: intervals and points, joined.</summary>
internal abstract record Region
{
    /// <summary>All real numbers.</summary>
    public static Region All { get; } = new Span(null, false, null, false);

    /// <summary>From one end to another; no end is infinity.</summary>
    public sealed record Span(Expr? Low, bool HasLow, Expr? High, bool HasHigh) : Region;

    /// <summary>∪, ∩ or ∖ of two.</summary>
    public sealed record Joined(char Operator, Region Left, Region Right) : Region;

    /// <summary>No number.</summary>
    public sealed record Nothing : Region;

    /// <summary>One number.</summary>
    public static Region Point(Expr value) => new Span(value, true, value, true);

    /// <summary>Whether two regions hold the same numbers; false where an end has no value.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <param name="precision">Decimal places of ends written as decimals.</param>
    /// <param name="work">The work that it may cost.</param>
    public static bool Same(Region left, Region right, int precision, WorkBudget work) =>
        Line.Of([left, right], precision, work) is { } line && line.Cells.All(cell => line.Holds(left, cell) == line.Holds(right, cell));

    /// <summary>Whether it holds no number; null where an end has no value.</summary>
    public static bool? IsEmpty(Region region, int precision, WorkBudget work) =>
        Line.Of([region], precision, work) is { } line ? !line.Cells.Any(cell => line.Holds(region, cell)) : null;

    private IEnumerable<Expr> Ends() => this switch
    {
        Span span => new[] { span.Low, span.High }.OfType<Expr>(),
        Joined joined => joined.Left.Ends().Concat(joined.Right.Ends()),
        _ => [],
    };

    // The real line cut at all ends: cell 2k is the gap before the k-th end, cell 2k + 1 the end itself.
    private sealed class Line(IReadOnlyList<Value> ends, Dictionary<Expr, int> places)
    {
        private const int CostOfEnd = 10;

        public IEnumerable<int> Cells => Enumerable.Range(0, (2 * ends.Count) + 1);

        public static Line? Of(Region[] regions, int precision, WorkBudget work)
        {
            var values = new List<(Expr End, Value Value)>();
            foreach (Expr end in regions.SelectMany(region => region.Ends()))
            {
                work.Spend(CostOfEnd);
                if (ScalarEquality.Constant(end, work) is not { IsReal: true } value)
                {
                    return null;
                }

                values.Add((end, value));
            }

            values.Sort((a, b) => (a.Value - b.Value).Sign);
            var ends = new List<Value>();
            var places = new Dictionary<Expr, int>(ReferenceEqualityComparer.Instance);
            foreach ((Expr end, Value value) in values)
            {
                bool isNew = ends.Count == 0
                    || !(Value.Same(ends[^1], value)
                        || (end.All().Any(part => part is Number { IsDecimal: true }) && Rounding.Agree(ends[^1], value, precision)));
                if (isNew)
                {
                    ends.Add(value);
                }

                places[end] = ends.Count - 1;
            }

            return new Line(ends, places);
        }

        public bool Holds(Region region, int cell) => region switch
        {
            Span span => (span.Low is null || IsAbove(cell, Place(span.Low), span.HasLow))
                && (span.High is null || IsAbove(Place(span.High), cell, span.HasHigh)),
            Joined { Operator: '∪' } joined => Holds(joined.Left, cell) || Holds(joined.Right, cell),
            Joined { Operator: '∩' } joined => Holds(joined.Left, cell) && Holds(joined.Right, cell),
            Joined joined => Holds(joined.Left, cell) && !Holds(joined.Right, cell),
            _ => false,
        };

        private static bool IsAbove(int high, int low, bool orEqual) => orEqual ? high >= low : high > low;

        private int Place(Expr end) => (2 * places[end]) + 1;
    }
}
