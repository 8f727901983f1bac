using Rlt.Models;
using Rlt.Models.Gradients;
using Rlt.Models.Layers;
using Rlt.Statistics;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlt.Training.Optimization;

// R rows, D width, N scored tokens
/// <summary>
/// One forward and backward pass over a micro-batch, layer by layer: the forward keeps each layer's input, the backward
/// goes from the top, computes one layer again onto a tape, and hands the gradient of its input on. Gradients of a
/// layer are complete the moment its backward ends. No logits for all tokens are ever made.
/// </summary>
public sealed class LayerwisePass : IDisposable
{
    private readonly Decoder _model;
    private readonly GradientStore _gradients;
    private readonly double _temperature;
    private readonly bool _keepGraphs;
    private readonly long _seed;
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly List<Layer> _layers = [];
    private PackedBatch? _batch;
    private PassContext? _context;
    private Tape? _entry;
    private Variable? _embedded_RD;
    private Layer? _head;
    private IDisposable? _around;

    /// <summary>A pass whose gradients are added to a store.</summary>
    /// <param name="model">The model, some of whose parameters the store trains.</param>
    /// <param name="gradients">Receives the gradients.</param>
    /// <param name="temperature">Logits are divided by it.</param>
    /// <param name="keepGraphs">Keeps each layer's tape instead of computing the layer again; the same numbers for more memory.</param>
    /// <param name="seed">Seeds what the model's adapters drop.</param>
    public LayerwisePass(Decoder model, GradientStore gradients, double temperature, bool keepGraphs, long seed = 0)
    {
        (_model, _gradients, _temperature, _keepGraphs, _seed) = (model, gradients, temperature, keepGraphs, seed);
    }

    /// <summary>log p of the batch's scored tokens, row after row: [N] float32, nats.</summary>
    public Tensor Forward(PackedBatch batch) => LogProbHead.LogProbs(_model, ForwardToHead(batch), batch.Targets_N, _temperature);

    /// <summary>The hidden states, after the final norm, from which the batch's scored tokens are predicted: [N, D], the pass's own.</summary>
    public Tensor ForwardToHead(PackedBatch batch)
    {
        using var noGrad = no_grad();
        _batch = batch;
        _around = _model.HoldAround();
        Tensor x_RD = _model.Embed(batch.Ids_R);
        _entry = new Tape(_gradients);

        // The first layer lets its input go before the tokens' inputs need it.
        _embedded_RD = new Variable(_model.Config.TokenInputSize > 0 ? x_RD.alias() : x_RD);
        _context = _model.Context(new PackedPass(batch.Layout), batch.Ids_R, _embedded_RD, _entry);
        foreach (DecoderLayer layer in _model.Layers)
        {
            var kept = new Layer(x_RD, _keepGraphs ? new Tape(_gradients) : null);
            _layers.Add(kept);
            using IDisposable? weights = _model.HoldLayer(layer.Index, layer.Index + 1);
            x_RD = Run(layer, kept);
        }

        _head = new Layer(x_RD, new Tape(_gradients));
        _head.Output = _model.FinalNorm.Apply(Tape.Plain(_head.Tape, data => batch.Select(data[0]), [_head.Input]), _head.Tape);
        return _head.Output.Data;
    }

    /// <summary>Adds to the store the gradients of a loss, given its derivative by each log-probability: [N] float32.</summary>
    public void Backward(Tensor gradient_N)
    {
        if (_batch is null || _head is null)
        {
            throw new InvalidOperationException("Forward comes first");
        }

        BackwardFromHead(LogProbHead.Backward(_model, _head.Output!.Data, _batch.Targets_N, _temperature, gradient_N, _gradients));
    }

    /// <summary>The same, given the derivative by what <see cref="ForwardToHead"/> gave: [N, D], which is freed.
    /// The head's own gradient has been added.</summary>
    public void BackwardFromHead(Tensor dHidden_ND)
    {
        using var noGrad = no_grad();
        Tensor dx_RD = _head!.Backward(dHidden_ND);
        dHidden_ND.Dispose();
        _gradients.Complete(_model.AtTop);
        for (int i = _layers.Count - 1; i >= 0; i--)
        {
            using Tensor dOutput_RD = dx_RD;
            using IDisposable? weights = _model.HoldLayer(i, i - 1);
            dx_RD = LayerBackward(_model.Layers[i], _layers[i], dOutput_RD);
            _gradients.Complete(_model.Layers[i].Parameters);
        }

        _embedded_RD!.Receive(dx_RD);
        _context!.TokenInputs?.Backward(_entry!);
        using Tensor dEmbedded_RD = _embedded_RD.TakeGradient()!;
        if (_gradients.Trains(_model.Embedding))
        {
            double scale = _model.EmbeddingScale;
            using var scope = NewDisposeScope();
            _gradients.AddRows(_model.Embedding, _batch!.Ids_R, scale == 1 ? dEmbedded_RD : dEmbedded_RD * scale);
        }

        _gradients.Complete(_model.AtBottom);
    }

    /// <summary>A pass of other ranks in which this one has no tokens: takes part in what it asks of all.</summary>
    public static void Idle(Decoder model, GradientStore gradients)
    {
        using IDisposable? around = model.HoldAround();
        model.Idle();
        gradients.Complete(model.AtTop);
        foreach (DecoderLayer layer in model.Layers.Reverse())
        {
            using IDisposable? weights = model.HoldLayer(layer.Index, layer.Index - 1);
            gradients.Complete(layer.Parameters);
        }

        gradients.Complete(model.AtBottom);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _layers.ForEach(layer => layer.Tape?.Dispose());
        _head?.Tape?.Dispose();
        _entry?.Dispose();
        _around?.Dispose();
        _context?.Dispose();
        _embedded_RD?.Data.Dispose();
        _scope.Dispose();
    }

    private Tensor Run(DecoderLayer layer, Layer kept)
    {
        using var scope = NewDisposeScope();

        // A seed for each layer, so that the layer drops the same when it is computed again.
        using IDisposable? dropout = _model.Adapters?.Dropout((long)RandomStream.Key(_seed, layer.Index));
        kept.Output = layer.Forward(kept.Input, _context!, kept.Tape);
        return scope.MoveToOuter(kept.Output.Data);
    }

    private Tensor LayerBackward(DecoderLayer layer, Layer kept, Tensor dOutput_RD)
    {
        if (kept.Tape is null)
        {
            kept.Tape = new Tape(_gradients);
            Run(layer, kept).Dispose();
        }

        return kept.Backward(dOutput_RD);
    }

    /// <summary>What is known of one layer between forward and backward.</summary>
    private sealed class Layer(Tensor input, Tape? tape)
    {
        public Variable Input { get; } = new(input);

        public Tape? Tape { get; set; } = tape;

        public Variable? Output { get; set; }

        /// <summary>The derivative by the input, given that by the output; the input is no longer needed then.</summary>
        public Tensor Backward(Tensor dOutput)
        {
            Tape!.Backward(Output!, dOutput);
            input.Dispose();
            return Input.TakeGradient()!;
        }
    }
}
