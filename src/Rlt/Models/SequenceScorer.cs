using Rlt.Distributed;
using Rlt.Models.Layers;
using static TorchSharp.torch;

namespace Rlt.Models;

/// <summary>Scores sequences under a frozen model, packed by a token budget.</summary>
public static class SequenceScorer
{
    /// <summary>Mean Shannon entropy of the distributions that the sequences' scored tokens are drawn from; nats. 0 where there is no token.</summary>
    /// <param name="model">The model; no gradients are recorded.</param>
    /// <param name="sequences">The sequences.</param>
    /// <param name="temperature">Logits are divided by it.</param>
    /// <param name="tokenBudget">Tokens in one forward pass.</param>
    /// <param name="worked">Is told the tokens of each pass.</param>
    public static double MeanEntropy(
        Decoder model, IReadOnlyList<TokenSequence> sequences, double temperature, int tokenBudget, Action<long>? worked = null)
    {
        float[][] entropies = PerToken(model, sequences, tokenBudget, worked, (hidden_ND, _) => LogProbHead.Entropy(model, hidden_ND, temperature));
        return entropies.Sum(row => row.Sum(value => (double)value)) / Math.Max(1, sequences.Sum(sequence => sequence.ScoredCount));
    }

    /// <summary>log p of each scored token given those before it, in the sequences' order; nats.</summary>
    /// <param name="model">The model; no gradients are recorded.</param>
    /// <param name="sequences">What to score.</param>
    /// <param name="temperature">Logits are divided by it.</param>
    /// <param name="tokenBudget">Tokens in one forward pass.</param>
    /// <param name="worked">Is told the tokens of each pass.</param>
    public static float[][] LogProbs(
        Decoder model, IReadOnlyList<TokenSequence> sequences, double temperature, int tokenBudget, Action<long>? worked = null) =>
        PerToken(model, sequences, tokenBudget, worked, (hidden_ND, targets_N) => LogProbHead.LogProbs(model, hidden_ND, targets_N, temperature));

    // Each rank computes its share of the sequences, and has all numbers in the end.
    private static float[][] PerToken(
        Decoder model, IReadOnlyList<TokenSequence> sequences, int tokenBudget, Action<long>? worked, Func<Tensor, Tensor, Tensor> valueOf)
    {
        var results = new float[sequences.Count][];
        RankBatches batches = RankBatches.Of(model, sequences, tokenBudget);
        using IDisposable? around = model.HoldAround();
        for (int pass = 0; pass < batches.Passes; pass++)
        {
            int[] indices = batches[pass];
            TokenSequence[] rows = [.. indices.Select(i => sequences[i])];
            float[] flat = [];
            if (rows.Sum(row => row.ScoredCount) == 0)
            {
                model.Idle();
            }
            else
            {
                flat = Score(model, batches.Pack(indices), valueOf);
            }

            int used = 0;
            for (int row = 0; row < rows.Length; row++)
            {
                results[indices[row]] = flat[used..(used + rows[row].ScoredCount)];
                used += rows[row].ScoredCount;
            }

            worked?.Invoke(rows.Sum(row => (long)row.Ids.Length));
        }

        WorkShare.Complete(model.Sharding.Ranks, results);
        return results;
    }

    /// <summary>The hidden states, after the final norm, from which the scored tokens are predicted, in one pass: [N, D]. No gradients are recorded.</summary>
    public static Tensor Hidden(Decoder model, PackedBatch batch)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return scope.MoveToOuter(model.Normed(batch.Select(model.Top(batch.Ids_R, new PackedPass(batch.Layout)))));
    }

    private static float[] Score(Decoder model, PackedBatch packed, Func<Tensor, Tensor, Tensor> valueOf)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using PackedBatch batch = packed;
        return valueOf(Hidden(model, batch), batch.Targets_N).cpu().data<float>().ToArray();
    }
}
