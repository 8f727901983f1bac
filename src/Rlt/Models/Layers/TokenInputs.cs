using Rlt.Models.Gradients;
using Rlt.Platform;
using static TorchSharp.torch;

namespace Rlt.Models.Layers;

// N rows, D width, L layers, P width of a layer's token input
/// <summary>What the tokens of a pass bring to each layer (Gemma 4's per-layer embeddings).</summary>
/// <remarks>
/// For each layer (norm(projection of the embedding · D^-½) + the token's own vector · P^½) · 2^-½.
/// </remarks>
public sealed class TokenInputs : IDisposable
{
    private readonly Carried[] _ofLayer;
    private readonly Variable _made_NLP;
    private readonly long[] _shape;

    private TokenInputs(Variable made_NLP, long layers)
    {
        _made_NLP = made_NLP;
        _shape = made_NLP.Data.shape;
        _ofLayer = [.. Enumerable.Range(0, (int)layers).Select(_ => new Carried())];
        for (int layer = 0; layer < layers; layer++)
        {
            _ofLayer[layer].Leave(new Variable(made_NLP.Data.select(1, layer).contiguous()), null);
        }
    }

    /// <summary>A layer's: [N, P].</summary>
    public Variable Take(int layer, Tape? tape) => _ofLayer[layer].Take(tape);

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(_ofLayer, carried => carried.Dispose());

    /// <summary>The derivative that the layers have brought: [N, L, P].</summary>
    private Tensor Brought()
    {
        Tensor sum_NLP = zeros(_shape, _ofLayer[0].Data.dtype, _ofLayer[0].Data.device);
        for (int layer = 0; layer < _ofLayer.Length; layer++)
        {
            if (_ofLayer[layer].Gradient is { } gradient_NP)
            {
                sum_NLP.select(1, layer).copy_(gradient_NP);
            }
        }

        return sum_NLP;
    }

    /// <summary>Brings the layers' derivatives back to the embedding, and to the weights.</summary>
    /// <param name="tape">The tape on which they were made.</param>
    public void Backward(Tape tape)
    {
        using Tensor gradient_NLP = Brought();
        tape.Backward(_made_NLP, gradient_NLP);
    }

    /// <summary>The weights that make them.</summary>
    internal sealed class Maker
    {
        private readonly Linear _projection;
        private readonly RmsNorm _norm;
        private readonly int _layers;
        private readonly long _width;

        public Maker(ModelConfig config, WeightMap weights)
        {
            Table = weights[config.Body + "embed_tokens_per_layer.weight"];
            _projection = weights.Linear(config.Body + "per_layer_model_projection");
            _norm = weights.Norm(config.Body + "per_layer_projection_norm");
            (_layers, _width) = (config.Layers.Count, config.TokenInputSize);
        }

        /// <summary>A vector of every token for every layer: [V, L · P].</summary>
        public Parameter Table { get; }

        /// <summary>The inputs of a pass's tokens.</summary>
        public TokenInputs Make(Tensor ids_N, Variable embedded_ND, Tape? tape)
        {
            (long rows, long width) = (embedded_ND.Data.size(0), embedded_ND.Data.size(1));
            Variable projected = Variable.Scaled(_projection.Apply(embedded_ND, tape), 1 / Math.Sqrt(width), tape);
            Variable normed_NLP = Variable.View(_norm.Apply(Variable.View(projected, tape, rows * _layers, _width), tape), tape, rows, _layers, _width);
            double own = Math.Sqrt(_width);
            Tensor found_NLP = (TorchLibrary.Embedding(ids_N, Table.Value).to(normed_NLP.Data.dtype) * own).view(rows, _layers, _width);
            var sum_NLP = new Variable((normed_NLP.Data + found_NLP) * Math.Sqrt(0.5));
            tape?.Record(sum_NLP, dSum_NLP =>
            {
                Tensor dPart_NLP = dSum_NLP * Math.Sqrt(0.5);
                normed_NLP.Receive(dPart_NLP);
                if (tape.Gradients.Trains(Table))
                {
                    tape.Gradients.AddRows(Table, ids_N, (dPart_NLP * own).flatten(1));
                }
            });
            return new TokenInputs(sum_NLP, _layers);
        }
    }
}
