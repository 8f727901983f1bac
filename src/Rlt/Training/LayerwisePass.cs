using Rlt.Generation;
using Rlt.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlt.Training;

// R rows, D width, N scored tokens
/// <summary>
/// One forward and backward pass over a micro-batch, layer by layer: the forward keeps each layer's input, the backward
/// goes from the top, recomputes one layer with gradients on, and hands the gradient of its input on. Gradients of a
/// layer are complete, and moved to the store, the moment its backward ends. No logits for all tokens are ever made.
/// </summary>
public sealed class LayerwisePass : IDisposable
{
    private readonly Decoder _model;
    private readonly GradientStore _gradients;
    private readonly double _temperature;
    private readonly bool _keepGraphs;
    private readonly long _seed;
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly List<(Tensor Input_RD, Tensor? Output_RD)> _layers = [];
    private PackedBatch? _batch;
    private IAttentionPass? _pass;
    private RotaryTurn? _turn;
    private Tensor? _top_RD;
    private Tensor? _hidden_ND;

    /// <summary>A pass whose gradients are added to a store.</summary>
    /// <param name="model">The model, some of whose parameters the store trains.</param>
    /// <param name="gradients">Receives the gradients.</param>
    /// <param name="temperature">Logits are divided by it.</param>
    /// <param name="keepGraphs">Keeps each layer's graph instead of computing the layer again; the same numbers for more memory.</param>
    /// <param name="seed">Seeds what the model's adapters drop.</param>
    public LayerwisePass(Decoder model, GradientStore gradients, double temperature, bool keepGraphs, long seed = 0)
    {
        (_model, _gradients, _temperature, _keepGraphs, _seed) = (model, gradients, temperature, keepGraphs, seed);
    }

    /// <summary>log p of the batch's scored tokens, row after row: [N] float32, nats, without a graph of its own.</summary>
    public Tensor Forward(PackedBatch batch)
    {
        _batch = batch;
        using var noGrad = no_grad();
        _pass = new PackedPass(batch.Layout);
        _turn = _model.Turn(_pass);
        Tensor x_RD = _model.Embed(batch.Ids_R);
        foreach (DecoderLayer layer in _model.Layers)
        {
            Tensor input_RD = x_RD.detach();
            x_RD = _keepGraphs ? Recompute(layer, input_RD) : Run(layer, input_RD);
            _layers.Add((input_RD, _keepGraphs ? x_RD : null));
        }

        _top_RD = x_RD.detach().requires_grad_();
        using (enable_grad())
        {
            _hidden_ND = _model.FinalNorm.Apply(batch.Select(_top_RD));
        }

        return LogProbHead.LogProbs(_model, _hidden_ND, batch.Targets_N, _temperature);
    }

    /// <summary>Adds to the store the gradients of a loss, given its derivative by each log-probability: [N] float32.</summary>
    public void Backward(Tensor gradient_N)
    {
        if (_batch is null || _top_RD is null || _hidden_ND is null)
        {
            throw new InvalidOperationException("Forward comes first");
        }

        Action<Tensor>? head = _gradients.Trains(_model.Head) ? gradient => _gradients.Add(_model.Head, gradient) : null;
        Tensor dHidden_ND = LogProbHead.Backward(_model, _hidden_ND, _batch.Targets_N, _temperature, gradient_N, head);
        _hidden_ND.backward([dHidden_ND]);
        _gradients.Collect([_model.FinalNorm.Weight]);
        Tensor dx_RD = _top_RD.grad!;
        for (int i = _layers.Count - 1; i >= 0; i--)
        {
            dx_RD = LayerBackward(i, dx_RD);
        }

        EmbeddingBackward(dx_RD);
    }

    /// <inheritdoc/>
    public void Dispose() => _scope.Dispose();

    private Tensor Run(DecoderLayer layer, Tensor input_RD)
    {
        using var scope = NewDisposeScope();

        // A seed for each layer, so that the layer drops the same when it is computed again.
        using IDisposable? dropout = _model.Adapters?.Dropout((long)RandomStream.Key(_seed, layer.Index));
        return scope.MoveToOuter(layer.Forward(input_RD, _turn!, _pass!));
    }

    private Tensor Recompute(DecoderLayer layer, Tensor input_RD)
    {
        using var grad = enable_grad();
        return Run(layer, input_RD.requires_grad_());
    }

    private Tensor LayerBackward(int index, Tensor dOutput_RD)
    {
        using var scope = NewDisposeScope();
        (Tensor input_RD, Tensor? output_RD) = _layers[index];
        output_RD ??= Recompute(_model.Layers[index], input_RD);
        output_RD.backward([dOutput_RD]);
        _gradients.Collect(_model.Layers[index].Parameters);
        Tensor dInput_RD = scope.MoveToOuter(input_RD.grad!);
        output_RD.Dispose();
        input_RD.Dispose();
        dOutput_RD.Dispose();
        return dInput_RD;
    }

    private void EmbeddingBackward(Tensor dx_RD)
    {
        if (_gradients.Trains(_model.Embedding))
        {
            _gradients.AddRows(_model.Embedding, _batch!.Ids_R, dx_RD);
        }
    }
}
