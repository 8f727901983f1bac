using Rlt.Models;
using Rlt.Models.Adapters;

namespace Rlt.Planning;

/// <summary>What a model's memory depends on, without its weights.</summary>
/// <param name="Config">The shape.</param>
/// <param name="ElementSize">Bytes of a weight: 2 for bf16, 4 for fp32.</param>
/// <param name="Lora">The adapters that are trained beside the frozen weights; null where all weights are trained, or none.</param>
public sealed record ModelSize(ModelConfig Config, int ElementSize, LoraConfig? Lora = null)
{
    /// <summary>Bytes of a float32 element.</summary>
    internal const int Wide = 4;

    /// <summary>Bytes of an activation.</summary>
    public int ActivationSize { get; init; } = ElementSize;

    /// <summary>The types of both in words.</summary>
    public string Types => Describe(ElementSize, ActivationSize);

    /// <summary>Bytes of all weights, adapters included.</summary>
    public long WeightBytes => ElementSize * (Count(Shapes) + AdapterCount);

    /// <summary>Weights that training changes.</summary>
    public long TrainedCount => Lora is null ? Count(Shapes) : AdapterCount;

    /// <summary>Weights of the largest layer that training changes.</summary>
    public long TrainedOfLayer => Enumerable.Range(0, Config.Layers.Count).Max(layer => Lora is null ? Count(ShapesOf(layer)) : AdapterCountOf(layer));

    /// <summary>All weights of the largest layer.</summary>
    public long CountOfLayer => Enumerable.Range(0, Config.Layers.Count).Max(layer => Count(ShapesOf(layer)));

    /// <summary>The weights of no layer: embeddings, head, the last norm.</summary>
    public long CountAround => Count(Shapes) - Enumerable.Range(0, Config.Layers.Count).Sum(layer => Count(ShapesOf(layer)));

    /// <summary>Weights of the head that training changes.</summary>
    public long TrainedOfHead => Lora is null ? EmbeddingCount : 0;

    /// <summary>Weights of the largest tensor that training changes.</summary>
    public long LargestTrained => Lora is null
        ? Shapes.Max(weight => Product(weight.Value))
        : Enumerable.Range(0, Config.Layers.Count).SelectMany(AdaptedLinears).Select(linear => Lora.Rank * Math.Max(linear.Input, linear.Output))
            .DefaultIfEmpty().Max();

    /// <summary>Types in words, by bytes of an element.</summary>
    public static string Describe(int weightBytes, int activationBytes) => $"{Name(weightBytes)} weights, {Name(activationBytes)} activations";

    /// <summary>Inputs and outputs of each linear map of a layer that has an adapter.</summary>
    internal IEnumerable<(long Input, long Output)> AdaptedLinears(int layer) => Lora is null ? [] : ShapesOf(layer)
        .Where(weight => Lora.TargetModules.Any(module => weight.Key.EndsWith($".{module}.weight", StringComparison.Ordinal)))
        .Select(weight => (weight.Value[1], weight.Value[0]));

    private IReadOnlyDictionary<string, long[]> Shapes { get; } = WeightMap.Expected(Config);

    private long EmbeddingCount => (long)Config.VocabularySize * Config.HiddenSize;

    private long AdapterCount => Enumerable.Range(0, Config.Layers.Count).Sum(AdapterCountOf);

    private long AdapterCountOf(int layer) => AdaptedLinears(layer).Sum(linear => Lora!.Rank * (linear.Input + linear.Output));

    private IEnumerable<KeyValuePair<string, long[]>> ShapesOf(int layer) =>
        Shapes.Where(weight => weight.Key.StartsWith(Config.LayerPrefix(layer), StringComparison.Ordinal));

    private static long Count(IEnumerable<KeyValuePair<string, long[]>> weights) => weights.Sum(weight => Product(weight.Value));

    private static long Product(long[] shape) => shape.Aggregate(1L, (product, size) => product * size);

    private static string Name(int bytes) => bytes == 2 ? "bf16" : "fp32";
}
