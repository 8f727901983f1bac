using Rlt.Models;
using Rlt.Models.Plans;

namespace Rlt.Benchmarks;

/// <summary>The floating-point operations and bytes that a pass cannot do without.</summary>
public static class Arithmetic
{
    // Tokens that the gated delta rule takes together.
    private const int DeltaChunk = 64;

    /// <summary>Operations of one token in a forward pass with the head, a multiply and an add counted apart.</summary>
    /// <param name="config">The model's shape.</param>
    /// <param name="context">Positions the token attends to, on average over the pass.</param>
    public static double ForwardFlops(ModelConfig config, double context) =>
        (2 * MatrixWeights(config, rows: 1)) + config.Layers.Sum(layer => layer.Mixer switch
        {
            AttentionPlan attention => 4.0 * Seen(attention, context) * attention.QueryWidth,

            // Three products with the state, and within a chunk those of keys with keys and queries, and of both with values.
            DeltaNetPlan delta => (6.0 * delta.ValueWidth * delta.KeySize) + (2.0 * DeltaChunk * delta.ValueHeads * (delta.KeySize + delta.ValueSize)),
            _ => 0,
        });

    /// <summary>Operations of one token in forward and backward: the backward is two products for each of the forward's.</summary>
    public static double TrainingFlops(ModelConfig config, double context) => 3 * ForwardFlops(config, context);

    /// <summary>Bytes of weights, cache and states that one decoding step of a number of rows must read, and of states that it must write.</summary>
    public static double DecodeBytes(ModelConfig config, int rows, double context, int weightSize, int activationSize) =>
        (weightSize * MatrixWeights(config, rows)) + (rows * config.Layers.Sum(layer => layer.Mixer switch
        {
            AttentionPlan attention => activationSize * 2.0 * Seen(attention, context) * attention.KeyWidth,
            DeltaNetPlan delta => 2.0 * sizeof(float) * delta.ValueWidth * delta.KeySize,
            _ => 0,
        }));

    private static double Seen(AttentionPlan attention, double context) => attention.Window == 0 ? context : Math.Min(context, attention.Window);

    // Every weight that is multiplied with some of the rows: all but the embeddings' tables, the head once, and of experts those that rows choose.
    private static double MatrixWeights(ModelConfig config, int rows)
    {
        double all = config.ParameterCount - ((double)config.HiddenSize * config.VocabularySize * (config.TiedEmbeddings ? 0 : 1))
            - ((double)config.VocabularySize * config.TokenInputSize * config.Layers.Count);
        return all - config.Layers.Select(layer => layer.FeedForward).OfType<ExpertsPlan>()
            .Sum(experts => 3.0 * config.HiddenSize * experts.Inner * Math.Max(0, experts.Count - (rows * (double)experts.Chosen)));
    }
}
