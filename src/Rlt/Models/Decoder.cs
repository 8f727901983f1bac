using Rlt.Distributed;
using Rlt.Models.Adapters;
using Rlt.Models.Gradients;
using Rlt.Models.Layers;
using Rlt.Models.Plans;
using Rlt.Platform;
using static TorchSharp.torch;

namespace Rlt.Models;

// N rows, B rows decoded one token each, D width, V vocabulary
/// <summary>A decoder-only model as its plan has it: the weights, and the passes over them.</summary>
/// <remarks>
/// Scoring and sampling passes are here; the training pass, layer by layer, is Training/LayerwisePass. No pass makes
/// logits for all tokens: callers pick positions and go through <see cref="LogProbHead"/>.
/// </remarks>
public sealed class Decoder : IDisposable
{
    private readonly Dictionary<RotaryPlan, RotaryEmbedding> _rotary = new(ReferenceEqualityComparer.Instance);
    private readonly TokenInputs.Maker? _tokenInputs;
    private readonly Lazy<DecodingKernel?> _decoding;
    private readonly bool _ownsWeights;
    private ShardedWeights? _sharded;

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
        Stored = weights.Under("");
        Parameters = [.. Stored.Where(parameter => !WeightShapes.IsBuffer(parameter.Name))];
        Embedding = weights[config.EmbeddingName];
        Head = config.TiedEmbeddings ? Embedding : weights[StoredNames.Head];
        FinalNorm = weights.Norm(config.Body + "norm");
        Layers = [.. Enumerable.Range(0, config.Layers.Count).Select(index => new DecoderLayer(config, index, weights))];
        Around = [.. Parameters.Except(Layers.SelectMany(layer => layer.Parameters))];
        AtTop = config.TiedEmbeddings ? [] : [Head];
        AtBottom = [.. Around.Except(AtTop)];
        _tokenInputs = config.TokenInputSize > 0 ? new TokenInputs.Maker(config, weights) : null;
        foreach (AttentionPlan attention in config.Layers.Select(layer => layer.Mixer).OfType<AttentionPlan>())
        {
            foreach (RotaryPlan rotary in new[] { attention.Rotary, attention.QueryRotary }.OfType<RotaryPlan>().Where(plan => !_rotary.ContainsKey(plan)))
            {
                _rotary.Add(rotary, new RotaryEmbedding(rotary, Device));
            }
        }

        using var scope = NewDisposeScope();
        EmbeddingScale = tensor(config.EmbeddingScale, Dtype).to(ScalarType.Float64).item<double>();
        _decoding = new Lazy<DecodingKernel?>(DecodingKernelOf);
    }

    /// <summary>The shape and the constants.</summary>
    public ModelConfig Config { get; }

    /// <summary>All weights, by name; those of adapters are not among them.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>What a checkpoint holds: the weights, and numbers that are not trained.</summary>
    public IReadOnlyList<Parameter> Stored { get; }

    /// <summary>The parts of the checkpoint beside the text part; null where there are none.</summary>
    internal CheckpointParts? Beside { get; init; }

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

    /// <summary>The weights of no layer: embeddings, the last norm, the head, and what makes the layers' inputs of tokens.</summary>
    public IReadOnlyList<Parameter> Around { get; }

    /// <summary>Those of them whose gradients a backward pass has first: the head, where it is not the embeddings.</summary>
    public IReadOnlyList<Parameter> AtTop { get; }

    /// <summary>Those of them whose gradients are whole at its end.</summary>
    public IReadOnlyList<Parameter> AtBottom { get; }

    /// <summary>The ranks that work on this model's batches together, and what of its state each has only its share of.</summary>
    public Sharding Sharding { get; init; } = Sharding.OfProcess;

    private ShardedWeights? Sharded => _sharded ??= Sharding.ShardsWeights ? new ShardedWeights(this) : null;

    /// <summary>The weights' dtype.</summary>
    public ScalarType Dtype => Embedding.Value.dtype;

    /// <summary>The dtype of hidden states, logits and cached keys and values.</summary>
    public ScalarType ActivationType => Precision.Activations(Dtype, Device.type);

    /// <summary>Where the weights are.</summary>
    public Device Device => Embedding.Value.device;

    /// <summary>What token embeddings are multiplied by, as a number of the weights' type.</summary>
    public double EmbeddingScale { get; }

    /// <summary>Embeddings of token ids: [N, D].</summary>
    public Tensor Embed(Tensor ids_N)
    {
        Tensor x_ND = TorchLibrary.Embedding(ids_N, Embedding.Value).to(ActivationType);
        return EmbeddingScale == 1 ? x_ND : x_ND * EmbeddingScale;
    }

    /// <summary>What goes with a pass's rows through the layers. Its tensors are the current dispose scope's.</summary>
    /// <param name="pass">How the rows are joined into sequences.</param>
    /// <param name="ids_N">Their tokens.</param>
    /// <param name="embedded_ND">The tokens' embeddings.</param>
    /// <param name="tape">Records what the tokens bring to the layers, or null.</param>
    public PassContext Context(ISequencePass pass, Tensor ids_N, Variable embedded_ND, Tape? tape = null)
    {
        // The pass's own tensors must outlive the layer that first asks for them.
        _ = pass.Positions_N;
        IEnumerable<KeyValuePair<RotaryPlan, RotaryTurn>> turns = _rotary.Select(pair => KeyValuePair.Create(pair.Key, pair.Value.Of(pass)));
        return new PassContext(
            pass, new Dictionary<RotaryPlan, RotaryTurn>(turns, ReferenceEqualityComparer.Instance), _tokenInputs?.Make(ids_N, embedded_ND, tape));
    }

    /// <summary>The last layer's output, before the final norm, without gradients: [N, D].</summary>
    /// <param name="ids_N">Token ids, int64.</param>
    /// <param name="pass">What each row attends to.</param>
    /// <param name="onLayer">Called with the input of each layer in turn and then the last layer's output, or null.</param>
    public Tensor Top(Tensor ids_N, ISequencePass pass, Action<Tensor>? onLayer = null)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        Tensor x_ND = Embed(ids_N);
        using PassContext context = Context(pass, ids_N, new Variable(x_ND));
        foreach (DecoderLayer layer in Layers)
        {
            onLayer?.Invoke(x_ND);
            using IDisposable? weights = HoldLayer(layer.Index, layer.Index + 1);
            using Tensor previous = x_ND;
            using var layerScope = NewDisposeScope();
            x_ND = layerScope.MoveToOuter(layer.Forward(new Variable(previous), context).Data);
        }

        onLayer?.Invoke(x_ND);
        return scope.MoveToOuter(x_ND);
    }

    /// <summary>Logits after one more token of each cached row, without gradients: [B, V].</summary>
    /// <param name="ids_B">The tokens, int64.</param>
    /// <param name="cache">The rows' keys and values; receives the tokens'.</param>
    /// <param name="rows">The rows; each grows by its token.</param>
    public Tensor Step(Tensor ids_B, SequenceCache cache, IReadOnlyList<CachedRow> rows)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var pass = new CachedPass(cache, rows, Device);
        Tensor top_BD = Adapters is null && !Sharding.ShardsWeights && _decoding.Value is { } kernel ? TopOf(kernel, ids_B, cache, pass) : Top(ids_B, pass);
        return scope.MoveToOuter(Logits(Normed(top_BD)));
    }

    /// <summary>Where the ranks share out the weights, brings those of no layer together until the result is disposed: every pass takes them.</summary>
    public IDisposable? HoldAround() => Sharded?.Around();

    /// <summary>Where the ranks share out the weights, brings a layer's together until the result is disposed.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="next">The layer whose turn it is then, which is prepared meanwhile; outside of the model where there is none.</param>
    public IDisposable? HoldLayer(int layer, int next) => Sharded?.Layer(layer, next);

    /// <summary>A forward pass of other ranks in which this one has no rows.</summary>
    public void Idle()
    {
        for (int layer = 0; layer < (Sharded is null ? 0 : Layers.Count); layer++)
        {
            HoldLayer(layer, layer + 1)?.Dispose();
        }
    }

    /// <summary>Says to the ranks that a forward pass comes, of whose number they have not agreed.</summary>
    public void AnnouncePass()
    {
        if (Sharded is not null)
        {
            WorkShare.Sum(Sharding.Ranks, 1);
        }
    }

    /// <summary>Takes part in the passes that others announce, until no rank does any more.</summary>
    public void AwaitRanks()
    {
        while (Sharded is not null && WorkShare.Sum(Sharding.Ranks, 0) > 0)
        {
            Idle();
        }
    }

    /// <summary>The final norm of the last layer's output: [N, D].</summary>
    public Tensor Normed(Tensor top_ND) => FinalNorm.Apply(new Variable(top_ND)).Data;

    /// <summary>Logits of normed hidden states: [N, V].</summary>
    public Tensor Logits(Tensor hidden_ND)
    {
        Tensor logits_NV = Linear.Product(hidden_ND, Head.Value, null);
        return Config.LogitCap is { } cap ? logits_NV.div_(cap).tanh_().mul_(cap) : logits_NV;
    }

    /// <summary>The largest share of rows that one expert of a layer was given in training passes since the last call, times the experts: 1 where all are
    /// given the same. The mean over layers; null where there are no experts, or were no passes.</summary>
    public double? TakeExpertLoad()
    {
        long[][] loads = [.. Layers.Select(layer => layer.ExpertLoad).OfType<long[]>()];
        foreach (long[] load in loads)
        {
            WorkShare.Sum(Sharding.Ranks, load);
        }

        double? mean = loads.Length == 0 ? null : loads.Where(load => load.Sum() > 0).Select(load => (double?)load.Max() * load.Length / load.Sum()).Average();
        Array.ForEach(loads, load => Array.Clear(load));
        return mean;
    }

    /// <summary>Gives the model new adapters, which change nothing until they are trained.</summary>
    /// <param name="config">Their size and places.</param>
    /// <param name="seed">Seeds their first weights.</param>
    /// <exception cref="InvalidOperationException">The model has adapters.</exception>
    public AdapterSet Attach(LoraConfig config, long seed) => Attach(LoraLayout.Of(config, Config), seed);

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
    public Decoder WithoutAdapters() => new(Config, Stored, ownsWeights: false) { Beside = Beside, Sharding = Sharding };

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
        foreach (RotaryEmbedding rotary in _rotary.Values)
        {
            rotary.Dispose();
        }

        Adapters?.Dispose();
        foreach (Parameter parameter in _ownsWeights ? Stored : [])
        {
            parameter.Dispose();
        }
    }

    // One kernel for all layers, where all are of its kind and alike.
    private DecodingKernel? DecodingKernelOf()
    {
        LayerTensors?[] layers = [.. Layers.Select(layer => layer.Tensors)];
        (AttentionPlan? attention, DensePlan? dense) = (Config.Layers[0].Mixer as AttentionPlan, Config.Layers[0].FeedForward as DensePlan);
        bool isAlike = layers.All(layer => layer is not null) && Config.Layers.All(layer => layer == Config.Layers[0]);
        return isAlike
            ? DecodingKernel.For(layers!, new DecodingShape(Config.HiddenSize, attention!.Heads, dense!.Inner, Config.NormEpsilon, attention.Scale)) : null;
    }

    private Tensor TopOf(DecodingKernel kernel, Tensor ids_B, SequenceCache cache, CachedPass pass)
    {
        Tensor x_BD = Embed(ids_B);
        (Tensor cos_PF, Tensor sin_PF) = _rotary.Values.First().Tables(pass.Longest);
        (Tensor[] keys, Tensor[] values) = cache.Pools[0].All;
        CachedPlaces places = pass.PlacesOf(0);
        kernel.Apply(x_BD, keys, values, pass.Positions, places.Slots, places.Tables, cos_PF, sin_PF);
        return x_BD;
    }
}
