using Rlt.Models;
using Rlt.Models.Gradients;
using Rlt.Training.Optimization;
using static TorchSharp.torch;

namespace Rlt.Training.Sft;

/// <summary>The loss of supervised fine-tuning: −Σ weight · log p over a step's target tokens, divided by their number.</summary>
/// <remarks>The number is that of the tokens, not of their weights: a step of light sequences moves the model little.</remarks>
internal static class SftLoss
{
    /// <summary>Adds the gradients of the loss to the store.</summary>
    /// <param name="model">The model.</param>
    /// <param name="gradients">Receives the gradients.</param>
    /// <param name="batch">The step's sequences.</param>
    /// <param name="weights">What each weighs; null: 1.</param>
    /// <param name="config">The micro-batches.</param>
    /// <param name="seed">Seeds what adapters drop.</param>
    /// <param name="progress">Is told how far the work has come.</param>
    /// <returns>The loss; nats a token.</returns>
    public static double Backward(
        Decoder model, GradientStore gradients, IReadOnlyList<TokenSequence> batch, IReadOnlyList<float>? weights, TrainingConfig config, long seed,
        WorkProgress? progress = null)
    {
        double scale = -1.0 / Math.Max(1, batch.Sum(sequence => sequence.ScoredCount));
        return MicroBatches.Backward(
            model, gradients, batch, temperature: 1, config.MicroBatchTokens, keepGraphs: config.Recompute == Recompute.False,
            (logProbs_N, rows) => (weights is null ? logProbs_N : logProbs_N * PerToken(rows, logProbs_N.device)).sum() * scale,
            seed, progress.Over(batch.Sum(sequence => (long)sequence.Ids.Length))).Loss;

        Tensor PerToken(int[] rows, Device device) =>
            tensor(rows.SelectMany(row => Enumerable.Repeat(weights[row], batch[row].ScoredCount)).ToArray(), device: device);
    }
}
