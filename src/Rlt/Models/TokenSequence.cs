namespace Rlt.Models;

/// <summary>Token ids of which those from <paramref name="From"/> on are to be scored or learned.</summary>
/// <param name="Ids">All tokens, the context first.</param>
/// <param name="From">Index of the first scored token, at least 1: the first token has no context to be predicted from.</param>
/// <param name="Mask">For each scored token, whether it counts; null when all do.</param>
public sealed record TokenSequence(int[] Ids, int From, bool[]? Mask = null)
{
    /// <summary>Tokens scored, masked ones included.</summary>
    public int ScoredCount => Math.Max(0, Ids.Length - From);
}
