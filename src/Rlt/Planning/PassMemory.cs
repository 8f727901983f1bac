using Rlt.Models;
using static Rlt.Planning.ModelSize;

namespace Rlt.Planning;

/// <summary>Bytes of one pass at its highest point, weights and their sums of gradients left out.</summary>
/// <param name="Activations">Hidden states, and what layers keep.</param>
/// <param name="Logits">The chunk of logits and, in training with plain operators, the head's gradient of that chunk.</param>
/// <param name="LayerGradients">With plain operators, the gradients of one layer's weights before they are
/// added to the sums; kernels add straight to those.</param>
public sealed record PassMemory(long Activations, long Logits, long LayerGradients)
{
    // Ids, positions, scored rows and targets of a batch, int64.
    private const int IndexBytes = 8;

    // Of a chunk's logits, in float32: log-probabilities of both models, their difference, and the probabilities that it is multiplied with.
    private const int ComparedBuffers = 4;

    /// <summary>All of it.</summary>
    public long Bytes => Activations + Logits + LayerGradients;

    /// <summary>A forward pass without gradients and the scored tokens' log-probabilities (SequenceScorer).</summary>
    public static PassMemory Scoring(ModelSize model, PassShape pass, bool fused)
    {
        LayerMemory layer = Layer(model, pass, fused);
        long state = State(model);
        var inLayer = new PassMemory((2 * pass.Rows * state) + layer.Kept + layer.Forward, 0, 0);
        var inHead = new PassMemory((pass.Rows + (2 * pass.Scored)) * state, Chunk(model, pass, fused, training: false), 0);
        PassMemory peak = inLayer.Bytes > inHead.Bytes ? inLayer : inHead;
        return peak with { Activations = peak.Activations + Indices(pass) };
    }

    /// <summary>A forward and backward pass (LayerwisePass): either each layer's graph is kept, or its input alone and it is computed again.</summary>
    public static PassMemory Training(ModelSize model, PassShape pass, bool fused, bool keepGraphs)
    {
        LayerMemory layer = Layer(model, pass, fused);
        (long state, int layers) = (State(model), model.Config.Layers.Count);

        // Every layer's input; kept graphs.
        long held = (layers * pass.Rows * state) + (keepGraphs ? Enumerable.Range(0, layers).Sum(i => Layer(model, pass, fused, i).Kept) : 0);

        // The top; the scored rows before and after the final norm; their gradient, in chunks and joined.
        var inHead = new PassMemory(held + (((4 * pass.Scored) + pass.Rows) * state),
            Chunk(model, pass, fused, training: true) + (fused ? 0 : model.TrainedOfHead * model.ElementSize), 0);

        // The gradient of the layer's output; the layer computed again with its output, and its backward.
        long again = keepGraphs ? layer.Backward : layer.Kept + (pass.Rows * state) + Math.Max(layer.Forward, layer.Backward);
        var inLayer = new PassMemory(held + (pass.Rows * state) + again, 0, fused ? 0 : model.TrainedOfLayer * model.ElementSize);
        PassMemory peak = inLayer.Bytes > inHead.Bytes ? inLayer : inHead;
        return peak with { Activations = peak.Activations + Indices(pass) };
    }

    /// <summary>
    /// The logits where a teacher's distribution is learned (DistillationPass): a chunk of both models', half as large as one head's alone, with what is
    /// computed of them, and the teacher's hidden states.
    /// </summary>
    public static long Compared(ModelSize model, ModelSize teacher, PassShape pass) =>
        (pass.Scored * State(teacher))
            + (Math.Min(pass.Scored, Math.Max(16, ChunkRows(model) / 2)) * model.Config.VocabularySize
                * (model.ActivationSize + teacher.ActivationSize + (ComparedBuffers * Wide)));

    /// <summary>Positions whose logits are made at once.</summary>
    public static long ChunkRows(ModelSize model) => LogProbHead.ChunkRows(model.Config);

    // The largest of each part over the layers.
    internal static LayerMemory Layer(ModelSize model, PassShape pass, bool fused)
    {
        LayerMemory[] layers = [.. Enumerable.Range(0, model.Config.Layers.Count).Select(layer => Layer(model, pass, fused, layer)).Distinct()];
        return new LayerMemory(layers.Max(layer => layer.Kept), layers.Max(layer => layer.Forward), layers.Max(layer => layer.Backward));
    }

    private static LayerMemory Layer(ModelSize model, PassShape pass, bool fused, int layer) =>
        fused ? LayerMemory.Fused(model, pass.Rows, layer) : LayerMemory.Plain(model, pass.Rows, pass.PaddedRows, layer);

    /// <summary>Bytes of one row's hidden state.</summary>
    internal static long State(ModelSize model) => (long)model.Config.HiddenSize * model.ActivationSize;

    // The kernels work in the logits' place; plain operators have their softmax in float32 and, of narrow ones, a wide copy and the gradient's narrow form.
    private static long Chunk(ModelSize model, PassShape pass, bool fused, bool training)
    {
        long copies = fused ? 0 : model.ActivationSize == Wide ? Wide : (2 * Wide) + (training ? model.ActivationSize : 0);
        return Math.Min(pass.Scored, ChunkRows(model)) * model.Config.VocabularySize * (model.ActivationSize + copies);
    }

    private static long Indices(PassShape pass) => IndexBytes * 2 * (pass.Rows + pass.Scored);
}
