namespace Rlt.Grading;

/// <summary>How alike two answers must be.</summary>
public sealed record GradingOptions
{
    /// <summary>The most decimal places that can be asked for.</summary>
    public const int MostPrecision = 60;

    /// <summary>The settings of every benchmark.</summary>
    public static GradingOptions Default { get; } = new();

    /// <summary>Decimal places to which a number written as a decimal must agree.</summary>
    public int Precision { get; init; } = 6;

    /// <summary>Whether the names of free variables matter, f(x) being another answer than f(y), and sets are no tuples.</summary>
    public bool Strict { get; init; } = true;

    /// <summary>Whether an inequality may answer for the set that it describes; the set may always answer for the inequality.</summary>
    public bool AllowSetRelationComparison { get; init; }

    /// <summary>Whether an answer must be boxed or announced: the last number of a response that was cut off is no answer.</summary>
    public bool StatedOnly { get; init; }
}
