using Rlt.Models;

namespace Rlt.Training.Grpo;

/// <summary>The denominators of a step's loss, counted over all its sequences before they are split into micro-batches.</summary>
public static class TokenWeights
{
    /// <summary>What a token of each sequence is multiplied by; 0 for a sequence that does not count.</summary>
    /// <param name="sequences">The step's sequences.</param>
    /// <param name="counts">Whether a sequence counts.</param>
    /// <param name="aggregation">What a token's loss is divided by.</param>
    /// <param name="tokenLimit">Tokens of a completion at most.</param>
    public static float[] Of(IReadOnlyList<TokenSequence> sequences, IReadOnlyList<bool> counts, LossAggregation aggregation, int tokenLimit) =>
        Of([.. sequences.Select((sequence, i) => counts[i] ? sequence.ScoredCount : 0)], counts.Count(count => count), aggregation, tokenLimit);

    /// <summary>The same by numbers of tokens.</summary>
    /// <param name="tokens">The tokens of each sequence that count.</param>
    /// <param name="kept">Sequences that count.</param>
    /// <param name="aggregation">What a token's loss is divided by.</param>
    /// <param name="tokenLimit">Tokens of a completion at most.</param>
    public static float[] Of(IReadOnlyList<int> tokens, int kept, LossAggregation aggregation, int tokenLimit)
    {
        (double sequences, double all) = (Math.Max(1, kept), Math.Max(1, tokens.Sum(count => (double)count)));
        return [.. tokens.Select(count => count == 0 ? 0 : (float)(aggregation switch
        {
            LossAggregation.Sequence => 1.0 / count / sequences,
            LossAggregation.Token => 1 / all,
            LossAggregation.Constant => 1.0 / tokenLimit / sequences,
            _ => throw new ArgumentOutOfRangeException(nameof(aggregation), aggregation, "unknown aggregation"),
        }))];
    }
}
