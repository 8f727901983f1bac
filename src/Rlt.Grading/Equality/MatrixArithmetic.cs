using Rlt.Grading.Numbers;
using Rlt.Grading.Syntax;

namespace Rlt.Grading.Equality;

/// <summary>Sums, products and multiples of matrices, written out cell by cell.</summary>
internal sealed class MatrixArithmetic(WorkBudget work)
{
    /// <summary>The matrix that an expression of matrices is; null where it is none.</summary>
    /// <exception cref="UngradableException">Written out it would be too large.</exception>
    public MatrixExpr? Of(Expr expression) => Written(expression)?.Matrix;

    private Sized? Written(Expr expression) => expression switch
    {
        MatrixExpr matrix => new Sized(matrix, matrix.Parts.Max(cell => cell.All().Count())),
        Negation negation => Scaled(new Number(-1), Written(negation.Inner)),
        Bracketed { Items: [var one] } => Written(one),
        Product product => Multiplied(product.Factors),
        Quotient quotient => Scaled(new Quotient(new Number(1), quotient.Bottom), Written(quotient.Top)),
        Sum sum => sum.Terms.Skip(1).Aggregate(Written(sum.Terms[0]), (total, term) => total is null ? null : Added(total, Written(term))),
        _ => null,
    };

    private Sized? Multiplied(IReadOnlyList<Expr> factors)
    {
        Sized?[] matrices = [.. factors.Select(Written)];
        Sized? product = matrices.OfType<Sized>().FirstOrDefault();
        foreach (Sized matrix in matrices.OfType<Sized>().Skip(1))
        {
            product = product is null ? null : Rows(product, matrix);
        }

        for (int i = 0; i < factors.Count; i++)
        {
            product = matrices[i] is null ? Scaled(factors[i], product) : product;
        }

        return product;
    }

    private Sized? Scaled(Expr factor, Sized? matrix) => matrix is null
        ? null
        : Bounded([.. matrix.Matrix.Rows.Select(row => (IReadOnlyList<Expr>)[.. row.Select(cell => new Product([factor, cell]))])], matrix.CellSize
            + factor.All().Count() + 1);

    private Sized? Rows(Sized a, Sized b)
    {
        (IReadOnlyList<IReadOnlyList<Expr>> left, IReadOnlyList<IReadOnlyList<Expr>> right) = (a.Matrix.Rows, b.Matrix.Rows);
        return left[0].Count != right.Count
            ? null
            : Bounded([.. left.Select(
                row => (IReadOnlyList<Expr>)[.. right[0].Select((_, j) => new Sum([.. row.Select((cell, k) => new Product([cell, right[k][j]]))]))])],
                    right.Count * (a.CellSize + b.CellSize + 1));
    }

    private Sized? Added(Sized a, Sized? b) => b is null || a.Matrix.Rows.Count != b.Matrix.Rows.Count || a.Matrix.Rows[0].Count != b.Matrix.Rows[0].Count
        ? null
        : Bounded([.. a.Matrix.Rows.Zip(b.Matrix.Rows, (x, y) => (IReadOnlyList<Expr>)[.. x.Zip(y, (p, q) => new Sum([p, q]))])], a.CellSize + b.CellSize + 1);

    // A cell's tree grows with each factor; what it costs to value is paid for here.
    private Sized Bounded(IReadOnlyList<IReadOnlyList<Expr>> rows, long cellSize)
    {
        work.Spend((int)Math.Min(int.MaxValue / 2, rows.Count * rows[0].Count * cellSize));
        return new Sized(new MatrixExpr(rows), cellSize);
    }

    // A matrix and the most parts that one of its cells has.
    private sealed record Sized(MatrixExpr Matrix, long CellSize);
}
