using Rlt.Models.Adapters;
using Rlt.Platform;
using static TorchSharp.torch;

namespace Rlt.Models;

// B batch, T tokens, D width, V vocabulary, N selected positions
/// <summary>A decoder-only transformer (Qwen2, Qwen3, Llama): the weights, and the passes over them.</summary>
/// <remarks>
/// Scoring and sampling passes are here; the training pass, layer by layer, is Training/LayerwisePass. No pass makes
/// logits for all tokens: callers pick positions and go through <see cref="LogProbHead"/>.
/// </remarks>
public sealed class Decoder : IDisposable
{
    private readonly RotaryEmbedding _rotary;
    private readonly bool _ownsWeights;

    /// <summary>Takes ownership of the parameters, which must be those <see cref="WeightMap"/> expects of the config.</summary>
    public Decoder(ModelConfig config, IReadOnlyList<Parameter> parameters)
        : this(config, parameters, ownsWeights: true)
    {
    }

    private Decoder(ModelConfig config, IReadOnlyList<Parameter> parameters, bool ownsWeights)
    {
        _ownsWeights = ownsWeights;
        var weights = new WeightMap(config, parameters);
        Config = config;
        Parameters = weights.Under("");
        Embedding = weights["model.embed_tokens.weight"];
        Head = config.TiedEmbeddings ? Embedding : weights["lm_head.weight"];
        FinalNorm = weights.Norm("model.norm");
        Layers = [.. Enumerable.Range(0, config.LayerCount).Select(index => new DecoderLayer(config, index, weights))];
        _rotary = new RotaryEmbedding(config, Dtype, Device);
    }

    /// <summary>The shape and the constants.</summary>
    public ModelConfig Config { get; }

    /// <summary>All weights, by name; those of adapters are not among them.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>The adapters; null where there are none.</summary>
    public AdapterSet? Adapters { get; private set; }

    /// <summary>What training changes: the adapters' weights where there are adapters, else all weights.</summary>
    public IReadOnlyList<Parameter> Trained => Adapters?.Parameters ?? Parameters;

    /// <summary>Token embeddings [V, D].</summary>
    public Parameter Embedding { get; }

    /// <summary>Output head [V, D]; the embeddings themselves where they are tied.</summary>
    public Parameter Head { get; }

    /// <summary>The norm before the head.</summary>
    public RmsNorm FinalNorm { get; }

    /// <summary>The blocks, first to last.</summary>
    public IReadOnlyList<DecoderLayer> Layers { get; }

    /// <summary>The weights' dtype.</summary>
    public ScalarType Dtype => Embedding.Value.dtype;

    /// <summary>Where the weights are.</summary>
    public Device Device => Embedding.Value.device;

    /// <summary>Embeddings of right-padded token ids: [B, T, D].</summary>
    public Tensor Embed(Tensor ids_BT) => TorchLibrary.Embedding(ids_BT, Embedding.Value);

    /// <summary>Rotary tables of whole sequences of <paramref name="length"/> tokens.</summary>
    public (Tensor Cos_TE, Tensor Sin_TE) Rotary(int length) => _rotary.Upto(length);

    /// <summary>The last layer's output after the final norm, without gradients: [B, T, D].</summary>
    /// <param name="ids_BT">Token ids, int64, right-padded with any valid id.</param>
    /// <param name="cache">Filled with the keys and values, or null.</param>
    /// <param name="onLayer">Called with the input of each layer in turn and then the last layer's output, or null.</param>
    public Tensor Hidden(Tensor ids_BT, KeyValueCache? cache = null, Action<Tensor>? onLayer = null)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        (Tensor cos_TE, Tensor sin_TE) = Rotary((int)ids_BT.size(1));
        Tensor x_BTD = Embed(ids_BT);
        foreach (DecoderLayer layer in Layers)
        {
            onLayer?.Invoke(x_BTD);
            using Tensor previous = x_BTD;
            using var layerScope = NewDisposeScope();
            x_BTD = layerScope.MoveToOuter(layer.Forward(previous, cos_TE, sin_TE, cache));
        }

        onLayer?.Invoke(x_BTD);
        return scope.MoveToOuter(FinalNorm.Apply(x_BTD));
    }

    /// <summary>Logits after one more token of each cached row, without gradients: [B, V] in the weights' dtype.</summary>
    /// <param name="ids_B">The tokens, int64.</param>
    /// <param name="positions">Each row's position of that token, from 0.</param>
    /// <param name="cache">The rows' keys and values; receives the tokens'.</param>
    public Tensor Step(Tensor ids_B, int[] positions, KeyValueCache cache)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        DecodeStep step = Prepare(positions, cache);
        Tensor x_B1D = Embed(ids_B.unsqueeze(1));
        foreach (DecoderLayer layer in Layers)
        {
            using var layerScope = NewDisposeScope();
            x_B1D = layerScope.MoveToOuter(layer.Step(x_B1D, step, cache));
        }

        return scope.MoveToOuter(Logits(FinalNorm.Apply(x_B1D).squeeze(1)));
    }

    /// <summary>Logits of normed hidden states: [N, V].</summary>
    public Tensor Logits(Tensor hidden_ND) => nn.functional.linear(hidden_ND, Head.Value);

    /// <summary>Gives the model new adapters, which change nothing until they are trained.</summary>
    /// <param name="config">Their size and places.</param>
    /// <param name="seed">Seeds their first weights.</param>
    /// <exception cref="InvalidOperationException">The model has adapters.</exception>
    public AdapterSet Attach(LoraConfig config, long seed)
    {
        if (Adapters is not null)
        {
            throw new InvalidOperationException("the model has adapters already");
        }

        manual_seed(seed);
        Adapters = new AdapterSet(config);
        foreach (DecoderLayer layer in Layers)
        {
            layer.Attach(Adapters);
        }

        return Adapters;
    }

    /// <summary>The base model: another decoder over the same weights, without the adapters. It must be disposed before this one is.</summary>
    public Decoder WithoutAdapters() => new(Config, Parameters, ownsWeights: false);

    /// <summary>A whole model for one with adapters: adds what the adapters have learned to the weights. The adapters must not be used after it.</summary>
    /// <returns>A decoder over the same weights, now changed; this one still owns them.</returns>
    public Decoder Merged()
    {
        foreach (Linear linear in Layers.SelectMany(layer => layer.Linears))
        {
            linear.Adapter?.AddTo(linear.Weight);
        }

        return WithoutAdapters();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _rotary.Dispose();
        Adapters?.Dispose();
        foreach (Parameter parameter in _ownsWeights ? Parameters : [])
        {
            parameter.Dispose();
        }
    }

    private DecodeStep Prepare(int[] positions, KeyValueCache cache)
    {
        int longest = positions.Max();
        cache.Reserve(longest + 1);
        Tensor positions_B = tensor(Array.ConvertAll(positions, position => (long)position), device: Device);
        (Tensor cos_B11E, Tensor sin_B11E) = _rotary.At(positions_B, longest);
        Tensor hidden_B11S = arange(longest + 1, ScalarType.Int64, Device).gt(positions_B.unsqueeze(1)).view(positions.Length, 1, 1, longest + 1);
        Tensor rows_B = arange(positions.Length, ScalarType.Int64, Device);
        return new DecodeStep(rows_B, positions_B, cos_B11E, sin_B11E, hidden_B11S, longest + 1);
    }
}
