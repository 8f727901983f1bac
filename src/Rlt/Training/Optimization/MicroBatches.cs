using Rlt.Distributed;
using Rlt.Models;
using Rlt.Models.Gradients;
using Rlt.Statistics;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlt.Training.Optimization;

/// <summary>Runs a loss over sequences in micro-batches, split over the ranks, whose number does not change the gradients.</summary>
public static class MicroBatches
{
    /// <summary>A loss over the scored tokens of some of the sequences; its denominators are those of the whole step.</summary>
    /// <param name="logProbs_N">log p of the tokens, row after row, float32, a leaf that wants a gradient.</param>
    /// <param name="indices">Which sequences the rows are.</param>
    public delegate Tensor LossOf(Tensor logProbs_N, int[] indices);

    /// <summary>Adds the gradients of the summed loss to the store: those of all ranks' shares of the sequences.</summary>
    /// <param name="model">The model.</param>
    /// <param name="gradients">Receives the gradients.</param>
    /// <param name="sequences">What to learn from.</param>
    /// <param name="temperature">Logits are divided by it.</param>
    /// <param name="tokenBudget">Tokens of one micro-batch, at least 1.</param>
    /// <param name="keepGraphs">Keeps layers' graphs instead of recomputing the layers.</param>
    /// <param name="lossOf">The loss.</param>
    /// <param name="seed">Seeds what the model's adapters drop, which alone depends on the number of micro-batches.</param>
    /// <param name="worked">Is told the tokens of each micro-batch.</param>
    /// <returns>The summed loss and the log-probabilities by sequence.</returns>
    public static (double Loss, float[][] LogProbs) Backward(
        Decoder model,
        GradientStore gradients,
        IReadOnlyList<TokenSequence> sequences,
        double temperature,
        int tokenBudget,
        bool keepGraphs,
        LossOf lossOf,
        long seed = 0,
        Action<long>? worked = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tokenBudget, 1);
        double total = 0;
        var logProbs = new float[sequences.Count][];
        RankBatches batches = RankBatches.Of(model, sequences, tokenBudget);
        for (int number = 0; number < batches.Passes; number++)
        {
            gradients.IsLastPass = number == batches.Passes - 1;
            int[] indices = batches[number];
            TokenSequence[] rows = [.. indices.Select(i => sequences[i])];
            if (rows.Sum(row => row.ScoredCount) == 0)
            {
                Array.ForEach(indices, i => logProbs[i] = []);
                LayerwisePass.Idle(model, gradients);
                continue;
            }

            using var scope = NewDisposeScope();
            using var batch = batches.Pack(indices);
            using var pass = new LayerwisePass(model, gradients, temperature, keepGraphs, (long)RandomStream.Key(seed, indices[0]));
            Tensor leaf_N = pass.Forward(batch).detach().requires_grad_();
            Tensor loss = lossOf(leaf_N, indices);
            loss.backward();
            pass.Backward(leaf_N.grad!);
            total += loss.ToSingle();
            Scatter(leaf_N.detach().cpu().data<float>().ToArray(), indices, rows, logProbs);
            worked?.Invoke(rows.Sum(row => (long)row.Ids.Length));
        }

        gradients.WaitForRanks();
        WorkShare.Complete(model.Sharding.Ranks, logProbs);
        return (WorkShare.Sum(model.Sharding.Ranks, total), logProbs);
    }

    private static void Scatter(float[] flat, int[] indices, TokenSequence[] rows, float[][] logProbs)
    {
        int used = 0;
        for (int row = 0; row < rows.Length; row++)
        {
            logProbs[indices[row]] = flat[used..(used + rows[row].ScoredCount)];
            used += rows[row].ScoredCount;
        }
    }
}
