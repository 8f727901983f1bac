using Rlt.Evaluation.Grading.Syntax;

namespace Rlt.Evaluation.Grading.Equality;

/// <summary>Sums, products and multiples of matrices, written out.</summary>
internal static class MatrixArithmetic
{
    private const int MostCells = 64;

    /// <summary>The matrix that an expression of matrices is; null where it is none.</summary>
    public static Matrix? Of(Expr expression) => expression switch
    {
        Matrix matrix => matrix,
        Negation negation => Of(negation.Inner) is { } inner ? Scaled(new Number(-1), inner) : null,
        Bracketed { Items: [var one] } => Of(one),
        Product product when product.Factors.Any(factor => Of(factor) is not null) => product.Factors.Aggregate((left, right) => Multiplied(left, right)) as Matrix,
        Quotient quotient => Of(quotient.Top) is { } top ? Scaled(new Quotient(new Number(1), quotient.Bottom), top) : null,
        Sum sum when sum.Terms.All(term => Of(term) is not null) => sum.Terms.Select(Of).Aggregate((left, right) => Added(left, right)),
        _ => null,
    };

    private static Expr Multiplied(Expr left, Expr right) => (Of(left), Of(right)) switch
    {
        ({ } a, { } b) => Rows(a, b) ?? (Expr)new Words("no product"),
        ({ } a, null) => Scaled(right, a),
        (null, { } b) => Scaled(left, b),
        _ => new Product([left, right]),
    };

    private static Matrix Scaled(Expr factor, Matrix matrix) => new([.. matrix.Rows.Select(row => (IReadOnlyList<Expr>)[.. row.Select(cell => new Product([factor, cell]))])]);

    private static Matrix? Rows(Matrix a, Matrix b) => a.Rows[0].Count != b.Rows.Count || a.Rows.Count * b.Rows[0].Count > MostCells
        ? null
        : new([.. a.Rows.Select(row => (IReadOnlyList<Expr>)[.. Enumerable.Range(0, b.Rows[0].Count).Select(j => new Sum([.. row.Select((cell, k) => new Product([cell, b.Rows[k][j]]))]))])]);

    private static Matrix? Added(Matrix? a, Matrix? b) => a is null || b is null || a.Rows.Count != b.Rows.Count || a.Rows[0].Count != b.Rows[0].Count
        ? null
        : new([.. a.Rows.Zip(b.Rows, (x, y) => (IReadOnlyList<Expr>)[.. x.Zip(y, (p, q) => new Sum([p, q]))])]);
}
