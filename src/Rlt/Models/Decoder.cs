using Rlt.Models.Adapters;
using Rlt.Models.Gradients;
using Rlt.Models.Layers;
using Rlt.Platform;
using static TorchSharp.torch;

namespace Rlt.Models;

// N rows, B rows decoded one token each, D width, V vocabulary
/// <summary>A decoder-only transformer (Qwen2, Qwen3, Llama): the weights, and the passes over them.</summary>
/// <remarks>
/// Scoring and sampling passes are here; the training pass, layer by layer, is Training/LayerwisePass. No pass makes
/// logits for all tokens: callers pick positions and go through <see cref="LogProbHead"/>.
/// </remarks>
public sealed class Decoder : IDisposable
{
    private readonly RotaryEmbedding _rotary;
    private readonly Lazy<DecodingKernel?> _decoding;
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
        Embedding = weights[StoredNames.Embedding];
        Head = config.TiedEmbeddings ? Embedding : weights[StoredNames.Head];
        FinalNorm = weights.Norm("model.norm");
        Layers = [.. Enumerable.Range(0, config.LayerCount).Select(index => new DecoderLayer(config, index, weights))];
        _rotary = new RotaryEmbedding(config, Device);
        _decoding = new Lazy<DecodingKernel?>(() => DecodingKernel.For(
            [.. Layers.Select(layer => layer.Tensors)], new DecodingShape(config.HiddenSize, config.HeadCount, config.IntermediateSize, config.NormEpsilon)));
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

    /// <summary>The dtype of hidden states, logits and cached keys and values.</summary>
    public ScalarType ActivationType => Precision.Activations(Dtype, Device.type);

    /// <summary>Where the weights are.</summary>
    public Device Device => Embedding.Value.device;

    /// <summary>Embeddings of token ids: [N, D].</summary>
    public Tensor Embed(Tensor ids_N) => TorchLibrary.Embedding(ids_N, Embedding.Value).to(ActivationType);

    /// <summary>The rotary angles of a pass's rows.</summary>
    public RotaryTurn Turn(IAttentionPass pass) => _rotary.At(pass.Positions_N, pass.Longest);

    /// <summary>The last layer's output, before the final norm, without gradients: [N, D].</summary>
    /// <param name="ids_N">Token ids, int64.</param>
    /// <param name="pass">What each row attends to.</param>
    /// <param name="onLayer">Called with the input of each layer in turn and then the last layer's output, or null.</param>
    public Tensor Top(Tensor ids_N, IAttentionPass pass, Action<Tensor>? onLayer = null)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        RotaryTurn turn = Turn(pass);
        Tensor x_ND = Embed(ids_N);
        foreach (DecoderLayer layer in Layers)
        {
            onLayer?.Invoke(x_ND);
            using Tensor previous = x_ND;
            using var layerScope = NewDisposeScope();
            x_ND = layerScope.MoveToOuter(layer.Forward(new Variable(previous), turn, pass).Data);
        }

        onLayer?.Invoke(x_ND);
        return scope.MoveToOuter(x_ND);
    }

    /// <summary>Logits after one more token of each cached row, without gradients: [B, V].</summary>
    /// <param name="ids_B">The tokens, int64.</param>
    /// <param name="cache">The rows' keys and values; receives the tokens'.</param>
    /// <param name="rows">The rows; each grows by its token.</param>
    public Tensor Step(Tensor ids_B, KeyValueCache cache, IReadOnlyList<CachedRow> rows)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var pass = new CachedPass(cache, rows, Device);
        Tensor top_BD = Adapters is null && _decoding.Value is { } kernel ? TopOf(kernel, ids_B, cache, pass) : Top(ids_B, pass);
        return scope.MoveToOuter(Logits(Normed(top_BD)));
    }

    /// <summary>The final norm of the last layer's output: [N, D].</summary>
    public Tensor Normed(Tensor top_ND) => FinalNorm.Apply(new Variable(top_ND)).Data;

    /// <summary>Logits of normed hidden states: [N, V].</summary>
    public Tensor Logits(Tensor hidden_ND) => Linear.Product(hidden_ND, Head.Value, null);

    /// <summary>Gives the model new adapters, which change nothing until they are trained.</summary>
    /// <param name="config">Their size and places.</param>
    /// <param name="seed">Seeds their first weights.</param>
    /// <exception cref="InvalidOperationException">The model has adapters.</exception>
    public AdapterSet Attach(LoraConfig config, long seed) => Attach(LoraLayout.Of(config), seed);

    /// <inheritdoc cref="Attach(LoraConfig, long)"/>
    /// <param name="layout">Their sizes and places.</param>
    /// <param name="seed">Seeds their first weights.</param>
    public AdapterSet Attach(LoraLayout layout, long seed)
    {
        if (Adapters is not null)
        {
            throw new InvalidOperationException("the model has adapters already");
        }

        manual_seed(seed);
        Adapters = new AdapterSet(layout);
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

    private Tensor TopOf(DecodingKernel kernel, Tensor ids_B, KeyValueCache cache, CachedPass pass)
    {
        Tensor x_BD = Embed(ids_B);
        (Tensor cos_PF, Tensor sin_PF) = _rotary.Tables(pass.Longest);
        kernel.Apply(x_BD, cache.AllKeys, cache.AllValues, pass.Positions, pass.Slots, pass.Tables, cos_PF, sin_PF);
        return x_BD;
    }
}
