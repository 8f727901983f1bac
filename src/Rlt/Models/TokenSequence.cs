namespace Rlt.Models;

/// <summary>Token ids of which those from <paramref name="From"/> on are to be scored or learned.</summary>
/// <param name="Ids">All tokens, the context first.</param>
/// <param name="From">Index of the first scored token, at least 1: the first token has no context to be predicted from.</param>
public sealed record TokenSequence(int[] Ids, int From)
{
    /// <summary>Tokens scored.</summary>
    public int ScoredCount => Math.Max(0, Ids.Length - From);
}
