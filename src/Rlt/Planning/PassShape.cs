namespace Rlt.Planning;

/// <summary>The largest pass that a token budget lets happen.</summary>
/// <param name="Rows">Rows that go through the layers.</param>
/// <param name="Scored">Rows that go through the head.</param>
/// <param name="PaddedRows">Rows of the padded sequences that plain operators take: the shared beginning stands before each of its sequences.</param>
public readonly record struct PassShape(long Rows, long Scored, long PaddedRows)
{
    /// <summary>A pass of sequences that share a beginning.</summary>
    /// <param name="tokenBudget">Tokens of a pass; one sequence may have more.</param>
    /// <param name="shared">Tokens of the shared beginning; 0 for none.</param>
    /// <param name="longest">Tokens of the longest sequence, the beginning included.</param>
    public static PassShape Of(long tokenBudget, long shared, long longest)
    {
        long rows = Math.Max(tokenBudget, longest);
        long own = Math.Max(1, longest - shared);
        long sequences = Math.Max(1, (rows - shared) / own);

        // A shared beginning is a padded sequence of its own where there is more than one sequence.
        bool apart = shared > 0 && sequences > 1;
        return new PassShape(rows, Math.Max(1, rows - shared), apart ? (sequences + 1) * longest : rows);
    }
}
