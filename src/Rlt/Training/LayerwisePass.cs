using Rlt.Generation;
using Rlt.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlt.Training;

// B rows, T tokens, D width, N scored tokens
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
    private readonly List<(Tensor Input_BTD, Tensor? Output_BTD)> _layers = [];
    private PaddedBatch? _batch;
    private Tensor? _top_BTD;
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
    public Tensor Forward(PaddedBatch batch)
    {
        _batch = batch;
        using var noGrad = no_grad();
        (Tensor cos_TE, Tensor sin_TE) = _model.Rotary((int)batch.Ids_BT.size(1));
        Tensor x_BTD = _model.Embed(batch.Ids_BT);
        foreach (DecoderLayer layer in _model.Layers)
        {
            Tensor input_BTD = x_BTD.detach();
            x_BTD = _keepGraphs ? Recompute(layer, input_BTD) : Run(layer, input_BTD, cos_TE, sin_TE);
            _layers.Add((input_BTD, _keepGraphs ? x_BTD : null));
        }

        _top_BTD = x_BTD.detach().requires_grad_();
        using (enable_grad())
        {
            _hidden_ND = batch.Select(_model.FinalNorm.Apply(_top_BTD));
        }

        return LogProbHead.LogProbs(_model, _hidden_ND, batch.Targets_N, _temperature);
    }

    /// <summary>Adds to the store the gradients of a loss, given its derivative by each log-probability: [N] float32.</summary>
    public void Backward(Tensor gradient_N)
    {
        if (_batch is null || _top_BTD is null || _hidden_ND is null)
        {
            throw new InvalidOperationException("Forward comes first");
        }

        Action<Tensor>? head = _gradients.Trains(_model.Head) ? gradient => _gradients.Add(_model.Head, gradient) : null;
        Tensor dHidden_ND = LogProbHead.Backward(_model, _hidden_ND, _batch.Targets_N, _temperature, gradient_N, head);
        _hidden_ND.backward([dHidden_ND]);
        _gradients.Collect([_model.FinalNorm.Weight]);
        Tensor dx_BTD = _top_BTD.grad!;
        for (int i = _layers.Count - 1; i >= 0; i--)
        {
            dx_BTD = LayerBackward(i, dx_BTD);
        }

        EmbeddingBackward(dx_BTD);
    }

    /// <inheritdoc/>
    public void Dispose() => _scope.Dispose();

    private Tensor Run(DecoderLayer layer, Tensor input_BTD, Tensor cos_TE, Tensor sin_TE)
    {
        using var scope = NewDisposeScope();

        // A seed for each layer, so that the layer drops the same when it is computed again.
        using IDisposable? dropout = _model.Adapters?.Dropout((long)RandomStream.Key(_seed, layer.Index));
        return scope.MoveToOuter(layer.Forward(input_BTD, cos_TE, sin_TE));
    }

    private Tensor Recompute(DecoderLayer layer, Tensor input_BTD)
    {
        using var grad = enable_grad();
        (Tensor cos_TE, Tensor sin_TE) = _model.Rotary((int)input_BTD.size(1));
        return Run(layer, input_BTD.requires_grad_(), cos_TE, sin_TE);
    }

    private Tensor LayerBackward(int index, Tensor dOutput_BTD)
    {
        using var scope = NewDisposeScope();
        (Tensor input_BTD, Tensor? output_BTD) = _layers[index];
        output_BTD ??= Recompute(_model.Layers[index], input_BTD);
        output_BTD.backward([dOutput_BTD]);
        _gradients.Collect(_model.Layers[index].Parameters);
        Tensor dInput_BTD = scope.MoveToOuter(input_BTD.grad!);
        output_BTD.Dispose();
        input_BTD.Dispose();
        dOutput_BTD.Dispose();
        return dInput_BTD;
    }

    private void EmbeddingBackward(Tensor dx_BTD)
    {
        if (!_gradients.Trains(_model.Embedding))
        {
            return;
        }

        using var scope = NewDisposeScope();
        using var grad = enable_grad();
        _model.Embed(_batch!.Ids_BT).backward([dx_BTD]);
        _gradients.Collect([_model.Embedding]);
    }
}
