using Rlt.Models;

namespace Rlt.Benchmarks;

/// <summary>The floating-point operations and bytes that a pass cannot do without.</summary>
public static class Arithmetic
{
    /// <summary>Operations of one token in a forward pass with the head, a multiply and an add counted apart.</summary>
    /// <param name="config">The model's shape.</param>
    /// <param name="context">Positions the token attends to, on average over the pass.</param>
    public static double ForwardFlops(ModelConfig config, double context) =>
        (2.0 * MatrixWeights(config)) + (4.0 * context * config.HeadCount * config.HeadSize * config.LayerCount);

    /// <summary>Operations of one token in forward and backward: the backward is two products for each of the forward's.</summary>
    public static double TrainingFlops(ModelConfig config, double context) => 3 * ForwardFlops(config, context);

    /// <summary>Bytes of weights and cache that one decoding step of a number of rows must read.</summary>
    public static double DecodeBytes(ModelConfig config, int rows, double context, int weightSize, int activationSize) =>
        (weightSize * MatrixWeights(config)) + (activationSize * 2.0 * rows * context * config.KeyValueHeadCount * config.HeadSize * config.LayerCount);

    // Every weight that is multiplied with each token: all but the embedding's table, and the head once.
    private static double MatrixWeights(ModelConfig config)
    {
        double attention = (2.0 * config.HeadCount * config.HeadSize * config.HiddenSize)
            + (2.0 * config.KeyValueHeadCount * config.HeadSize * config.HiddenSize);
        double feedForward = 3.0 * config.HiddenSize * config.IntermediateSize;
        return (config.LayerCount * (attention + feedForward)) + ((double)config.HiddenSize * config.VocabularySize);
    }
}
