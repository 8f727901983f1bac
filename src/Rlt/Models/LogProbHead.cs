using Rlt.Models.Gradients;
using Rlt.Platform;
using static TorchSharp.torch;

namespace Rlt.Models;

// N positions, D width, V vocabulary, C positions of one chunk
/// <summary>Log-probabilities of chosen tokens from hidden states, a chunk of positions at a time: [N, V] is never made.</summary>
public static class LogProbHead
{
    // A chunk's float32 logits take this much memory. Each chunk reads the head, and in training reads and writes its gradient, so chunks
    // of a large vocabulary must not be small.
    private const long ChunkBytes = 256L << 20;

    /// <summary>Positions whose logits are made at once.</summary>
    public static int ChunkRows(Decoder model) => ChunkRows(model.Config);

    /// <summary>The same for a model's shape.</summary>
    public static int ChunkRows(ModelConfig config) => (int)Math.Clamp(ChunkBytes / (4L * config.VocabularySize), 16, 1024);

    /// <summary>log p(target | position) at a temperature: [N] float32, nats. Without gradients.</summary>
    /// <param name="model">The model whose head is applied.</param>
    /// <param name="hidden_ND">Hidden states after the final norm.</param>
    /// <param name="targets_N">Token ids, int64.</param>
    /// <param name="temperature">Logits are divided by it.</param>
    public static Tensor LogProbs(Decoder model, Tensor hidden_ND, Tensor targets_N, double temperature)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var parts = new List<Tensor>();
        foreach ((long start, long count) in Chunks(hidden_ND.size(0), ChunkRows(model)))
        {
            using var chunk = NewDisposeScope();
            parts.Add(chunk.MoveToOuter(Chunk(model.Logits(hidden_ND.narrow(0, start, count)), targets_N.narrow(0, start, count), temperature)));
        }

        return scope.MoveToOuter(cat(parts));
    }

    /// <summary>The gradient of Σ gradientᵢ · log p(targetᵢ) with respect to the hidden states, [N, D], and, chunk by chunk, the head.</summary>
    /// <param name="model">The model whose head is differentiated.</param>
    /// <param name="hidden_ND">Hidden states after the final norm.</param>
    /// <param name="targets_N">Token ids, int64.</param>
    /// <param name="temperature">Logits are divided by it.</param>
    /// <param name="gradient_N">The loss's derivative by each log-probability, float32.</param>
    /// <param name="gradients">Receives the head's gradient, if it trains the head.</param>
    public static Tensor Backward(
        Decoder model, Tensor hidden_ND, Tensor targets_N, double temperature, Tensor gradient_N, GradientStore gradients) =>
        Backward(model, hidden_ND, gradients, ChunkRows(model), (logits_CV, start) =>
        {
            long count = logits_CV.size(0);
            return LogitGradient(logits_CV, targets_N.narrow(0, start, count), temperature, gradient_N.narrow(0, start, count));
        });

    /// <summary>The gradient of a loss of the logits with respect to the hidden states, [N, D], and, chunk by chunk, the head.</summary>
    /// <param name="model">The model whose head is differentiated.</param>
    /// <param name="hidden_ND">Hidden states after the final norm.</param>
    /// <param name="gradients">Receives the head's gradient, if it trains the head.</param>
    /// <param name="chunkRows">Positions whose logits are made at once.</param>
    /// <param name="gradientOf">
    /// Gives, of the logits [C, V] of a chunk and the position at which it begins, the loss's derivative by them; in their place, if it likes.
    /// </param>
    public static Tensor Backward(Decoder model, Tensor hidden_ND, GradientStore gradients, int chunkRows, Func<Tensor, long, Tensor> gradientOf)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var parts = new List<Tensor>();
        foreach ((long start, long count) in Chunks(hidden_ND.size(0), chunkRows))
        {
            using var chunk = NewDisposeScope();
            Tensor hidden_CD = hidden_ND.narrow(0, start, count);
            Tensor logits_CV = model.Logits(hidden_CD);

            // d c · tanh(x / c) / dx = 1 − tanh²
            Tensor? slope_CV = model.Config.LogitCap is { } cap ? logits_CV.div(cap).pow_(2).neg_().add_(1) : null;
            Tensor dLogits_CV = gradientOf(logits_CV, start).to(logits_CV.dtype);
            dLogits_CV = slope_CV is null ? dLogits_CV : dLogits_CV.mul_(slope_CV);
            if (gradients.Trains(model.Head))
            {
                gradients.AddProduct(model.Head, dLogits_CV, hidden_CD);
            }

            parts.Add(chunk.MoveToOuter(Linear.InputGradient(dLogits_CV, model.Head.Value)));
        }

        return scope.MoveToOuter(cat(parts));
    }

    /// <summary>Shannon entropy of each position's distribution at a temperature: [N] float32, nats. Without gradients.</summary>
    public static Tensor Entropy(Decoder model, Tensor hidden_ND, double temperature)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var parts = new List<Tensor>();
        foreach ((long start, long count) in Chunks(hidden_ND.size(0), ChunkRows(model)))
        {
            using var chunk = NewDisposeScope();
            Tensor logProbs_CV = Scaled(model.Logits(hidden_ND.narrow(0, start, count)), temperature).log_softmax(-1);
            parts.Add(chunk.MoveToOuter(-(logProbs_CV.exp() * logProbs_CV).sum(-1)));
        }

        return scope.MoveToOuter(cat(parts));
    }

    private static Tensor Scaled(Tensor logits_CV, double temperature)
    {
        Tensor wide_CV = logits_CV.to(ScalarType.Float32);
        return temperature == 1 ? wide_CV : wide_CV.div_(temperature);
    }

    private static Tensor Chunk(Tensor logits_CV, Tensor targets_C, double temperature)
    {
        if (CpuKernels.Serve(logits_CV))
        {
            return CpuKernels.LogProb(logits_CV, targets_C, temperature).LogProb_N;
        }

        Tensor scaled_CV = Scaled(logits_CV, temperature);
        return Picked(scaled_CV, targets_C) - scaled_CV.logsumexp(-1);
    }

    // d log p(target) / d logit = (1[target] − softmax) / temperature
    private static Tensor LogitGradient(Tensor logits_CV, Tensor targets_C, double temperature, Tensor gradient_C)
    {
        if (CpuKernels.Serve(logits_CV))
        {
            CpuKernels.LogProbBackward(logits_CV, targets_C, CpuKernels.LogProb(logits_CV, targets_C, temperature).LogSum_N, gradient_C, temperature);
            return logits_CV;
        }

        Tensor scaled_C1 = gradient_C.div(temperature).unsqueeze(1);
        Tensor dLogits_CV = Scaled(logits_CV, temperature).softmax(-1).mul_(-scaled_C1);
        return dLogits_CV.scatter_add_(1, targets_C.unsqueeze(1), scaled_C1);
    }

    private static Tensor Picked(Tensor values_CV, Tensor targets_C) => values_CV.gather(1, targets_C.unsqueeze(1)).squeeze(1);

    private static IEnumerable<(long Start, long Count)> Chunks(long rows, int size)
    {
        for (long start = 0; start < rows; start += size)
        {
            yield return (start, Math.Min(size, rows - start));
        }
    }
}
