using Rlt.Grading.Numbers;
using Rlt.Grading.Syntax;

namespace Rlt.Grading.Equality;

/// <summary>Whether two answers, as trees, are the same answer.</summary>
/// <remarks>
/// The expected answer decides what is asked for: where it is a value, "x = …" in the response gives its last value; where it is x = 5, the value 5
/// answers it; where it is an equation, only the same equation does. An inequality may be answered by its set, a set by an inequality only on request:
/// repeating the question must not be an answer.
/// </remarks>
internal sealed class AnswerEquality(GradingOptions options, WorkBudget work)
{
    private const int MostItems = 100;

    private const int CostOfPair = 5;

    // The share of itself by which a value may be rounded behind its equals sign.
    private const double MostRounding = 0.01;

    private readonly MatrixArithmetic _matrices = new(work);
    private readonly RegionReader _regions = new(options.Precision, work);

    /// <summary>Compares the expected answer with a response's.</summary>
    public bool Same(Expr expected, Expr actual)
    {
        work.Spend(CostOfPair);
        (expected, actual) = (Unwrapped(expected), Unwrapped(actual));
        if (UnitsConflict(expected, actual))
        {
            return false;
        }

        (expected, actual) = (WithoutUnit(expected), WithoutUnit(actual));
        return SameKind(expected, actual) || (!options.Strict && RenamedByPosition(expected, actual) is { } renamed && SameKind(expected, renamed));
    }

    private bool SameKind(Expr expected, Expr actual)
    {
        if (RegionReader.IsInequality(expected) || RegionReader.IsInequality(actual))
        {
            return SameInequality(expected, actual);
        }

        if (Equations.Assignments(expected) is { } values && Equations.Assignments(actual) is { } others && Equations.NameTheSame(values, others))
        {
            return AnyOrder(values, others);
        }

        if (Items(expected) is { } items || Items(actual) is not null)
        {
            return SameItems(expected, actual);
        }

        return Equations.Sides(expected) is not null || Equations.Sides(actual) is not null ? SameEquation(expected, actual)
            : expected is Bracketed || actual is Bracketed ? SameBracketed(expected, actual)
            : expected is SetOperation || actual is SetOperation ? SameSet(expected, actual)
            : _matrices.Of(expected) is { } matrix ? SameMatrix(matrix, actual)
            : SameScalar(expected, actual);
    }

    // (5), {5}, x ∈ S and √2 ≈ 1.41 are 5, 5, S and √2.
    private static Expr Unwrapped(Expr expression) => expression switch
    {
        Bracketed { Items: [var one] } => Unwrapped(one),
        SetOf { Items: [var one] } => Unwrapped(one),
        Relation { Operators: "∈", Operands: [var name, var set] } when Equations.IsName(name) => Unwrapped(set),
        Relation { Operators: "≈", Operands: [var exact, Number] } when !Equations.IsName(exact) => Unwrapped(exact),
        SetBuilder { Condition: var condition } => Unwrapped(condition),
        _ => expression,
    };

    private static Expr WithoutUnit(Expr expression) => expression is WithUnit quantity ? Unwrapped(quantity.Inner) : expression;

    private static bool UnitsConflict(Expr expected, Expr actual) => expected is WithUnit a && actual is WithUnit b && Units.Conflict(a.Unit, b.Unit);

    private static Expr? RenamedByPosition(Expr expected, Expr actual)
    {
        IReadOnlyList<string> names = Variables.Of(expected), others = Variables.Of(actual);
        return names.Count == others.Count && !names.SequenceEqual(others)
            ? Substitution.Rename(actual, others.Zip(names).ToDictionary(pair => pair.First, pair => pair.Second))
            : null;
    }

    private bool SameInequality(Expr expected, Expr actual)
    {
        bool isExpected = RegionReader.IsInequality(expected), isActual = RegionReader.IsInequality(actual);
        if (isExpected && isActual && expected is Relation left && actual is Relation right && Equations.SameStatement(left, right, work))
        {
            return true;
        }

        if (!isExpected && !options.AllowSetRelationComparison)
        {
            return false;
        }

        // Inequalities of two unknowns describe no same set of numbers.
        if (isExpected && isActual && !Variables.Of(expected).SequenceEqual(Variables.Of(actual)))
        {
            return false;
        }

        Region? a = isExpected ? _regions.OfRelation(expected) : RegionReader.OfSet(expected);
        Region? b = isActual ? _regions.OfRelation(actual) : RegionReader.OfSet(actual);
        return a is not null && b is not null && Region.Same(a, b, options.Precision, work);
    }

    // What is listed: a list's or a set's items, both values of ±; null for one value.
    private static IReadOnlyList<Expr>? Items(Expr expression) => expression switch
    {
        Listing list => Flat(list.Items),
        SetOf set => Flat(set.Items),
        _ => Substitution.Signs(expression),
    };

    private static IReadOnlyList<Expr> Flat(IReadOnlyList<Expr> items) => [.. items.SelectMany(item => item is SetOf ? [item] : Items(item) ?? [item])];

    private bool SameItems(Expr expected, Expr actual)
    {
        // A tuple may miss its brackets, or be given as x = 1, y = 2; a set may not.
        if (expected is Bracketed && actual is Listing || expected is Listing && actual is Bracketed)
        {
            return InOrder(expected is Bracketed a ? a.Items : ((Listing)expected).Items, actual is Bracketed b ? b.Items : ((Listing)actual).Items);
        }

        // {x = 1, y = 2} is the tuple (1, 2).
        if ((expected is Bracketed && actual is SetOf && Equations.Assignments(actual) is not null)
            || (actual is Bracketed && expected is SetOf && Equations.Assignments(expected) is not null))
        {
            return InOrder([.. expected.Parts], [.. actual.Parts]);
        }

        if (expected is Bracketed || actual is Bracketed)
        {
            return !options.Strict && InOrder([.. expected.Parts], [.. actual.Parts]);
        }

        if (Equations.Sides(expected) is { } named && Items(expected) is null && Equations.IsName(named.Name))
        {
            return Same(named.Value, actual);
        }

        if (Equations.Sides(actual) is { } given && Items(actual) is null)
        {
            return Same(expected, given.Value);
        }

        (IReadOnlyList<Expr> items, IReadOnlyList<Expr> others) = (Items(expected) ?? [expected], Items(actual) ?? [actual]);
        return InOrder(items, others) || AnyOrder(items, others);
    }

    private bool AnyOrder(IReadOnlyList<Expr> expected, IReadOnlyList<Expr> actual) =>
        expected.Count <= MostItems && actual.Count <= MostItems
        && expected.All(item => actual.Any(other => Same(item, other)))
        && actual.All(other => expected.Any(item => Same(item, other)));

    private bool InOrder(IReadOnlyList<Expr> expected, IReadOnlyList<Expr> actual) =>
        expected.Count == actual.Count && expected.Count <= MostItems && expected.Zip(actual).All(pair => Same(pair.First, pair.Second));

    private bool SameEquation(Expr expected, Expr actual)
    {
        (Expr Name, Expr Value)? left = Equations.Sides(expected), right = Equations.Sides(actual);
        if (left is not { } a)
        {
            return Same(expected, right!.Value.Value) || (IsApproximated(right.Value) && Same(expected, right.Value.Name));
        }

        if (right is not { } b)
        {
            return Equations.IsName(a.Name) && Same(a.Value, actual);
        }

        if (Equations.IsName(a.Name) && Equations.IsName(b.Name)
            && (Equations.Renamed(a.Name, b.Name, b.Value) ?? (options.Strict ? null : b.Value)) is { } value && Same(a.Value, value))
        {
            return true;
        }

        return Equations.SameStatement(new Relation([a.Name, a.Value], "="), new Relation([b.Name, b.Value], "="), work);
    }

    // 7/12 = 0.583 is 7/12.
    private bool IsApproximated((Expr Exact, Expr Decimal) equation) => equation.Decimal is Number { IsDecimal: true } rounded && Variables.Of(equation.Exact).Count == 0
        && ScalarEquality.Constant(equation.Exact, work) is { IsReal: true } exact
        && Math.Abs((exact.Rounded.Re.ToDouble() / new Value(rounded.Value).Rounded.Re.ToDouble()) - 1) < MostRounding;

    private bool SameBracketed(Expr expected, Expr actual)
    {
        if (expected is Bracketed a && actual is Bracketed b)
        {
            return SameBrackets(a, b) && InOrder(a.Items, b.Items);
        }

        // A matrix may be written as a list of rows.
        if (_matrices.Of(expected) is { Rows.Count: > 1 } matrix && RowsOf(actual) is { } rows)
        {
            return SameMatrix(matrix, rows);
        }

        // A vector may be written as a tuple or as a row or column.
        return (expected is Bracketed ? Cells(actual) : Cells(expected)) is { } cells
            ? InOrder(expected is Bracketed tuple ? tuple.Items : cells, actual is Bracketed other ? other.Items : cells)
            : SameSet(expected, actual);
    }

    // [1, 2, 3] and (1, 2, 3) are one vector; [1, 2] and (1, 2) are two intervals.
    private static bool SameBrackets(Bracketed a, Bracketed b) => (a.Open == b.Open && a.Close == b.Close) || (a.Items.Count > 2 && b.Items.Count > 2);

    private static MatrixExpr? RowsOf(Expr expression) =>
        expression is Bracketed { Open: '[', Items: [Bracketed { Items: var first }, ..] list }
            && list.All(row => row is Bracketed { Open: '[' } cells && cells.Items.Count == first.Count)
            ? new MatrixExpr([.. list.Select(row => ((Bracketed)row).Items)])
            : null;

    private Expr[]? Cells(Expr expression) =>
        _matrices.Of(expression) is { } matrix && (matrix.Rows.Count == 1 || matrix.Rows[0].Count == 1) ? [.. matrix.Parts] : null;

    private bool SameSet(Expr expected, Expr actual)
    {
        if (RegionReader.OfSet(expected) is { } a && RegionReader.OfSet(actual) is { } b && Region.Same(a, b, options.Precision, work))
        {
            return true;
        }

        return expected is SetOperation left && actual is SetOperation right && left.Operator == right.Operator
            && ((Same(left.Left, right.Left) && Same(left.Right, right.Right))
                || (left.Operator != '∖' && Same(left.Left, right.Right) && Same(left.Right, right.Left)));
    }

    private bool SameMatrix(MatrixExpr expected, Expr actual) =>
        _matrices.Of(actual) is { } matrix && matrix.Rows.Count == expected.Rows.Count && matrix.Rows[0].Count == expected.Rows[0].Count
        && expected.Rows.Zip(matrix.Rows).All(pair => InOrder(pair.First, pair.Second));

    private bool SameScalar(Expr expected, Expr actual)
    {
        if (expected is BaseNumber a && actual is BaseNumber b)
        {
            return a.Base == b.Base && a.Digits.TrimStart('0') == b.Digits.TrimStart('0');
        }

        // The base, like a unit or a sign of percentage, may be left out, not changed.
        if (expected is BaseNumber based)
        {
            return actual is Number number && ScalarEquality.Same(NumberText.Parse(based.Digits), number, options.Precision, work);
        }

        (Expr left, Expr right) = (expected is Percent p ? p.Inner : expected, actual is Percent q ? q.Inner : actual);
        return ScalarEquality.Same(left, right, options.Precision, work)
            || (!(expected is Percent && actual is Percent) && expected is Percent or Number && ScalarEquality.Same(expected, actual, options.Precision, work));
    }
}
