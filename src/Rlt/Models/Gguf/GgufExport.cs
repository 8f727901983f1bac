using System.Text.RegularExpressions;
using Rlt.Models.Plans;
using Rlt.Models.Safetensors;

namespace Rlt.Models.Gguf;

/// <summary>
/// Writes a model directory as one GGUF file, which llama.cpp and what is built on it run. Needs no libtorch, and memory for a few rows alone.
/// </summary>
public static partial class GgufExport
{
    // "general.file_type": what most of the weights are.
    private static readonly Dictionary<GgufType, uint> FileTypes = new() { [GgufType.F32] = 0, [GgufType.F16] = 1, [GgufType.Q8_0] = 7, [GgufType.BF16] = 32 };

    /// <summary>Writes the file.</summary>
    /// <param name="model">The model's texts; a whole model's, not adapters'.</param>
    /// <param name="path">The file; an earlier one is replaced.</param>
    /// <param name="type">Of the matrices; vectors stay 32-bit floats, and rows that cannot be quantised become 16-bit ones.</param>
    /// <param name="name">"general.name".</param>
    /// <returns>What a user should know of it.</returns>
    /// <exception cref="CheckpointException">The model cannot be told in GGUF so that llama.cpp computes the same.</exception>
    public static IReadOnlyList<string> Write(ModelText model, string path, GgufType type, string name)
    {
        if (model.Lora is not null)
        {
            throw new CheckpointException($"{model.Directory} holds LoRA adapters. Make a whole model first: rlt merge --model {model.Directory} --out DIR");
        }

        ModelConfig config = model.Config;
        var architecture = GgufArchitecture.Of(config);
        IReadOnlyList<(string, object)> vocabulary = GgufVocabulary.Metadata(model);
        using WeightFiles files = WeightFiles.Open(model.Directory);
        IReadOnlyDictionary<string, (SafetensorsFile, TensorEntry)> stored = ModelFiles.Stored(model.Directory, config, files);
        List<GgufTensor> tensors = [.. GgufShape.Factors(config), .. Tensors(config, architecture, stored, type)];
        (string, object)[] metadata =
        [
            ("general.architecture", architecture.Name), ("general.type", "model"), ("general.name", name), ("general.file_type", FileTypes[type]),
            ("general.quantization_version", 2u), .. GgufShape.Metadata(config, architecture), .. vocabulary,
        ];
        GgufWriter.Write(path, metadata, tensors);
        return [.. Notes(config, architecture, tensors, type)];
    }

    private static IEnumerable<string> Notes(ModelConfig config, GgufArchitecture architecture, List<GgufTensor> tensors, GgufType type)
    {
        if (GgufShape.Context(config, architecture) is var context && context < config.MaxPositions)
        {
            yield return $"the context is {context} tokens, not {config.MaxPositions}: "
                + $"llama.cpp's {architecture.Name} has no sliding window, and sees the same up to there";
        }

        if (type == GgufType.Q8_0 && tensors.Count(tensor => tensor.Type == GgufType.F16) is > 0 and var wide)
        {
            yield return $"{wide} matrices are f16: their rows are no multiple of {GgufTypes.BlockLength}";
        }

        if (config.Layers.Any(layer => layer.Mixer is AttentionPlan { Rotary.Scaling: RopeScaling.LongRope }))
        {
            yield return "llama.cpp takes the long positions by the context's size that it is started with, transformers and rlt by the sequence's length";
        }
    }

    private static IEnumerable<GgufTensor> Tensors(
        ModelConfig config, GgufArchitecture architecture, IReadOnlyDictionary<string, (SafetensorsFile File, TensorEntry Entry)> stored, GgufType type)
    {
        yield return Make("token_embd.weight", [config.EmbeddingName]);
        yield return Make("output_norm.weight", [config.Body + "norm.weight"]);
        if (!config.TiedEmbeddings)
        {
            yield return Make("output.weight", [StoredNames.Head]);
        }

        for (int i = 0; i < config.Layers.Count; i++)
        {
            string prefix = config.LayerPrefix(i);
            foreach (IGrouping<string, string> names in stored.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal))
                .GroupBy(key => architecture.Names.GetValueOrDefault(ExpertNumber().Replace(key[prefix.Length..], ".*."))
                    ?? throw new CheckpointException(
                        $"'{key}' has no place in llama.cpp's {architecture.Name}, so this {config.ModelType} cannot be exported.")))
            {
                yield return Make(
                    $"blk.{i}.{names.Key}", [.. names.OrderBy(ExpertOf)],
                    architecture.TurnsNeighbours ? Heads(names.Key, (AttentionPlan)config.Layers[i].Mixer) : 0);
            }
        }

        GgufTensor Make(string name, string[] keys, int heads = 0)
        {
            (SafetensorsFile File, TensorEntry Entry)[] parts = [.. keys.Select(key => stored[key])];
            long[] shape = parts[0].Entry.Shape;

            // What llama.cpp's own converter keeps wide.
            bool wide = shape.Length == 1 || name.EndsWith("ffn_gate_inp.weight", StringComparison.Ordinal);
            GgufType written = wide ? GgufType.F32 : type == GgufType.Q8_0 && shape[^1] % GgufTypes.BlockLength != 0 ? GgufType.F16 : type;
            bool isNorm = name.EndsWith("norm.weight", StringComparison.Ordinal);
            return GgufTensor.Of(name, written, parts, heads == 0 ? null : Neighbours(shape[0] / heads), isNorm ? (float)config.NormOffset : 0);
        }
    }

    // A head's pairs are half a head apart in checkpoints: at places 2i and 2i + 1 come its rows i and i + half.
    private static Func<long, long> Neighbours(long headSize) => row =>
        (row / headSize * headSize) + (row % headSize / 2) + (row % 2 * (headSize / 2));

    private static int Heads(string name, AttentionPlan plan) => name is "attn_q.weight" or "attn_q.bias" ? plan.Heads
        : name is "attn_k.weight" or "attn_k.bias" ? plan.KeyValueHeads : 0;

    private static int ExpertOf(string key) => ExpertNumber().Match(key) is { Success: true } match
        ? int.Parse(match.Groups["number"].Value, System.Globalization.CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"(?<=\.experts)\.(?<number>\d+)\.")]
    private static partial Regex ExpertNumber();
}
