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

    /// <summary>Width of all query heads together.</summary>
    public long QueryWidth => (long)Config.HeadCount * Config.HeadSize;

    /// <summary>Width of all key heads together.</summary>
    public long KeyWidth => (long)Config.KeyValueHeadCount * Config.HeadSize;

    /// <summary>Bytes of all weights, adapters included.</summary>
    public long WeightBytes => ElementSize * (Config.ParameterCount + AdapterCount);

    /// <summary>Weights that training changes.</summary>
    public long TrainedCount => Lora is null ? Config.ParameterCount : AdapterCount;

    /// <summary>Weights of one layer that training changes.</summary>
    public long TrainedOfLayer => Lora is null
        ? (Config.ParameterCount - Config.HiddenSize - (EmbeddingCount * (Config.TiedEmbeddings ? 1 : 2))) / Config.LayerCount
        : AdapterCount / Config.LayerCount;

    /// <summary>Weights of the head that training changes.</summary>
    public long TrainedOfHead => Lora is null ? EmbeddingCount : 0;

    /// <summary>Weights of the largest tensor that training changes.</summary>
    public long LargestTrained => Lora is null
        ? Math.Max(EmbeddingCount, (long)Config.HiddenSize * Math.Max(Config.IntermediateSize, QueryWidth))
        : AdaptedLinears.Select(linear => Lora.Rank * Math.Max(linear.Input, linear.Output)).DefaultIfEmpty().Max();

    /// <summary>Types in words, by bytes of an element.</summary>
    public static string Describe(int weightBytes, int activationBytes) => $"{Name(weightBytes)} weights, {Name(activationBytes)} activations";

    /// <summary>Inputs and outputs of each linear map of a layer that has an adapter.</summary>
    internal IEnumerable<(long Input, long Output)> AdaptedLinears =>
        Linears.Where(linear => Lora?.TargetModules.Contains(linear.Name) == true).Select(linear => (linear.Input, linear.Output));

    private long EmbeddingCount => (long)Config.VocabularySize * Config.HiddenSize;

    private long AdapterCount => Config.LayerCount * AdaptedLinears.Sum(linear => Lora!.Rank * (linear.Input + linear.Output));

    private static string Name(int bytes) => bytes == 2 ? "bf16" : "fp32";

    private IEnumerable<(string Name, long Input, long Output)> Linears =>
    [
        ("q_proj", Config.HiddenSize, QueryWidth), ("k_proj", Config.HiddenSize, KeyWidth), ("v_proj", Config.HiddenSize, KeyWidth),
        ("o_proj", QueryWidth, Config.HiddenSize), ("gate_proj", Config.HiddenSize, Config.IntermediateSize),
        ("up_proj", Config.HiddenSize, Config.IntermediateSize), ("down_proj", Config.IntermediateSize, Config.HiddenSize),
    ];
}
