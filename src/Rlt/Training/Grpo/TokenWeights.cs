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
    public static float[] Of(IReadOnlyList<TokenSequence> sequences, IReadOnlyList<bool> counts, LossAggregation aggregation, int tokenLimit)
    {
        int kept = Math.Max(1, counts.Count(count => count));
        double tokens = Math.Max(1, sequences.Where((_, i) => counts[i]).Sum(sequence => (double)sequence.ScoredCount));
        return [.. sequences.Select((sequence, i) => !counts[i] || sequence.ScoredCount == 0 ? 0 : (float)(aggregation switch
        {
            LossAggregation.Sequence => 1.0 / sequence.ScoredCount / kept,
            LossAggregation.Token => 1 / tokens,
            LossAggregation.Constant => 1.0 / tokenLimit / kept,
            _ => throw new ArgumentOutOfRangeException(nameof(aggregation), aggregation, "unknown aggregation"),
        }))];
    }
}
