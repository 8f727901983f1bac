using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Rlt.Files;
using Rlt.Models.Safetensors;

namespace Rlt.Models;

/// <summary>The shape of a decoder, from a Hugging Face config.json, checked so that a model can be built from it as it is.</summary>
public sealed record ModelConfig
{
    /// <summary>The file in a model's directory that holds the shape.</summary>
    public const string FileName = "config.json";

    /// <summary>The file in a model's directory that holds the end-of-text tokens for generation; may be absent.</summary>
    public const string GenerationFileName = "generation_config.json";

    /// <summary>The architecture.</summary>
    public required ModelFamily Family { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Decoder layers.</summary>
    public required int LayerCount { get; init; }

    /// <summary>Query heads.</summary>
    public required int HeadCount { get; init; }

    /// <summary>Key and value heads; divides <see cref="HeadCount"/>.</summary>
    public required int KeyValueHeadCount { get; init; }

    /// <summary>Width of one head; even. Need not be <see cref="HiddenSize"/> over <see cref="HeadCount"/>.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Width of the feed-forward layer.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Rows of the embedding; at least the tokenizer's tokens, often more.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>The constant added to the mean square in RMS norms.</summary>
    public required double NormEpsilon { get; init; }

    /// <summary>Base of the rotary frequencies.</summary>
    public required double RopeTheta { get; init; }

    /// <summary>The stretching of rotary positions; null for none.</summary>
    public RopeScaling? RopeScaling { get; init; }

    /// <summary>The longest sequence the model is meant for, tokens.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>Is the output head the embedding itself; then the weight files hold no "lm_head.weight".</summary>
    public bool TiedEmbeddings { get; init; }

    /// <summary>Have the query, key and value projections biases.</summary>
    public bool QueryKeyValueBias { get; init; }

    /// <summary>Has the attention's output projection a bias.</summary>
    public bool OutputBias { get; init; }

    /// <summary>Have the three feed-forward projections biases.</summary>
    public bool MlpBias { get; init; }

    /// <summary>Are queries and keys normalised, head by head.</summary>
    public bool QueryKeyNorm => Family == ModelFamily.Qwen3;

    /// <summary>The type the file says the weights have; null where it does not. The weight files themselves decide.</summary>
    public StoredType? WeightType { get; init; }

    /// <summary>The tokens that end a generated text: generation_config.json's where it has them, else config.json's. May be empty.</summary>
    public IReadOnlyList<int> EosTokenIds { get; init; } = [];

    /// <summary>The token that begins a text; null where the model has none.</summary>
    public int? BosTokenId { get; init; }

    /// <summary>config.json as read, every key. This, with what is edited in it, is what <see cref="Save"/> writes; other properties do not count.</summary>
    public required JsonObject Raw { get; init; }

    /// <summary>The number of weights; a tied embedding counts once.</summary>
    public long ParameterCount
    {
        get
        {
            long hidden = HiddenSize, queries = (long)HeadCount * HeadSize, keys = (long)KeyValueHeadCount * HeadSize;
            long attention = hidden * (2 * queries + 2 * keys)
                + (QueryKeyValueBias ? queries + 2 * keys : 0) + (OutputBias ? hidden : 0) + (QueryKeyNorm ? 2L * HeadSize : 0);
            long mlp = 3 * hidden * IntermediateSize + (MlpBias ? 2L * IntermediateSize + hidden : 0);
            long embeddings = hidden * VocabularySize * (TiedEmbeddings ? 1 : 2);
            return LayerCount * (attention + mlp + 2 * hidden) + embeddings + hidden;
        }
    }

    /// <summary>The bytes that <see cref="Raw"/> was read from; written back while it is unchanged.</summary>
    internal byte[]? Source { get; init; }

    /// <summary>Reads config.json, and generation_config.json where present, of a model's directory.</summary>
    /// <exception cref="CheckpointException">A file cannot be read or describes a model that cannot be run; all problems are named.</exception>
    public static ModelConfig Load(string directory)
    {
        string path = Path.Combine(directory, FileName);
        string generationPath = Path.Combine(directory, GenerationFileName);
        try
        {
            byte[]? generation = File.Exists(generationPath) ? WholeFile.Bytes(generationPath) : null;
            return ModelConfigReader.Read(path, WholeFile.Bytes(path), generationPath, generation);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            if (Regex.IsMatch(directory, @"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$") && !Directory.Exists(Path.GetDirectoryName(directory)))
            {
                throw new CheckpointException($"{directory}: there is no such folder. It looks like a model's id on the Hugging Face Hub; rlt reads local directories: "
                    + $"download it (hf download {directory} --local-dir {Path.GetFileName(directory)}) and give that folder.", error);
            }

            throw new CheckpointException($"{path}: cannot be read: {error.Message} Expected a model's directory with {FileName}.", error);
        }
    }

    /// <summary>Reads the text of a config.json.</summary>
    /// <exception cref="CheckpointException">The text describes a model that cannot be run; all problems are named.</exception>
    public static ModelConfig Parse(string json) => ModelConfigReader.Read(FileName, Encoding.UTF8.GetBytes(json), GenerationFileName, null);

    /// <summary>Writes config.json into a directory: byte for byte as it was read, unless <see cref="Raw"/> was edited.</summary>
    public void Save(string directory)
    {
        bool unchanged = Source is not null && JsonNode.DeepEquals(Raw, JsonNode.Parse(Source));
        AtomicFile.WriteBytes(Path.Combine(directory, FileName), unchanged ? Source : RawAsText());
    }

    private byte[] RawAsText()
    {
        using var text = new MemoryStream();
        using (var writer = new Utf8JsonWriter(text, new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            Raw.WriteTo(writer);
        }

        text.WriteByte((byte)'\n');
        return text.ToArray();
    }
}

/// <summary>The decoder architectures that can be run, by config.json's "model_type".</summary>
public enum ModelFamily
{
    /// <summary>"llama": Llama 2 and 3, and models of their shape.</summary>
    Llama,

    /// <summary>"qwen2": Qwen2 and Qwen2.5, with biases on queries, keys and values.</summary>
    Qwen2,

    /// <summary>"qwen3": Qwen3 dense, with norms on queries and keys.</summary>
    Qwen3,
}
