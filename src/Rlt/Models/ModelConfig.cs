using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rlt.Files;
using Rlt.Models.Plans;
using Rlt.Models.Safetensors;

namespace Rlt.Models;

/// <summary>The shape of a decoder, from a Hugging Face config.json, checked so that a model can be built from it as it is.</summary>
public sealed record ModelConfig
{
    /// <summary>The file in a model's directory that holds the shape.</summary>
    public const string FileName = "config.json";

    /// <summary>The file in a model's directory that holds the end-of-text tokens for generation; may be absent.</summary>
    public const string GenerationFileName = "generation_config.json";

    /// <summary>"model_type" of the text part: the family.</summary>
    public required string ModelType { get; init; }

    /// <summary>Is the text part one of several in config.json, and its weights some of the checkpoint's.</summary>
    public bool IsNested { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>The decoder layers, first to last.</summary>
    public required IReadOnlyList<LayerPlan> Layers { get; init; }

    /// <summary>Rows of the embedding; at least the tokenizer's tokens, often more.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>The constant added to the mean square in RMS norms.</summary>
    public required double NormEpsilon { get; init; }

    /// <summary>What is added to the weights of the layers' norms: 0, or 1 where checkpoints hold differences from 1.</summary>
    public double NormOffset { get; init; }

    /// <summary>What token embeddings are multiplied by.</summary>
    public double EmbeddingScale { get; init; } = 1;

    /// <summary>c of logits c · tanh(logits / c); null for none.</summary>
    public double? LogitCap { get; init; }

    /// <summary>The longest sequence the model is meant for, tokens.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>Is the output head the embedding itself; then the weight files hold no "lm_head.weight".</summary>
    public bool TiedEmbeddings { get; init; }

    /// <summary>The type the file says the weights have; null where it does not. The weight files themselves decide.</summary>
    public StoredType? WeightType { get; init; }

    /// <summary>The tokens that end a generated text: generation_config.json's where it has them, else config.json's. May be empty.</summary>
    public IReadOnlyList<int> EosTokenIds { get; init; } = [];

    /// <summary>The token that begins a text; null where the model has none.</summary>
    public int? BosTokenId { get; init; }

    /// <summary>config.json as read, every key. This, with what is edited in it, is what <see cref="Save"/> writes; other properties do not count.</summary>
    public required JsonObject Raw { get; init; }

    /// <summary>Width of the input that each token brings to every layer (Gemma 4); 0 for none.</summary>
    public int TokenInputSize => Layers[0].TokenInputSize;

    /// <summary>Tokens above which all positions of a sequence have other angles (longrope); int.MaxValue where none have.</summary>
    public int LengthBoundary => Layers.Select(layer => layer.Mixer).OfType<AttentionPlan>()
        .Select(attention => attention.Rotary?.Scaling is RopeScaling.LongRope scaling ? scaling.OriginalPositions : int.MaxValue).DefaultIfEmpty(int.MaxValue).Min();

    /// <summary>What the names of the layers' weights begin with.</summary>
    internal string Body => IsNested ? "model.language_model." : "model.";

    /// <summary>The embedding's name.</summary>
    internal string EmbeddingName => Body + "embed_tokens.weight";

    /// <summary>The number of weights; a tied embedding counts once.</summary>
    public long ParameterCount => WeightMap.Expected(this).Values.Sum(shape => shape.Aggregate(1L, (product, size) => product * size));

    /// <summary>What the names of a layer's weights begin with.</summary>
    internal string LayerPrefix(int layer) => FormattableString.Invariant($"{Body}layers.{layer}.");

    /// <summary>Whether a tensor of the checkpoint that is none of the text part's is left as it is.</summary>
    internal Func<string, bool> PassesOver { get; init; } = _ => false;

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
