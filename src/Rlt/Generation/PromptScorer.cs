using Rlt.Models;
using Rlt.Models.Layers;
using static TorchSharp.torch;

namespace Rlt.Generation;

// N tokens, D width
/// <summary>What a model thinks of a prompt's own tokens.</summary>
public static class PromptScorer
{
    /// <summary>The places of a prompt's tokens from the second on.</summary>
    /// <param name="model">The model; no gradients are recorded.</param>
    /// <param name="ids">The prompt.</param>
    /// <param name="likeliest">How many of the likeliest tokens are told at each position.</param>
    public static TokenPlace[] Score(Decoder model, int[] ids, int likeliest)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using SequenceLayout layout = SequenceLayout.Of([ids.Length], model.Device);
        Tensor ids_N = tensor(ids.Select(id => (long)id).ToArray(), device: model.Device);
        Tensor hidden_ND = model.Normed(model.Top(ids_N, new PackedPass(layout)));
        var places = new List<TokenPlace>();
        foreach (int[] chunk in ids.Skip(1).Chunk(LogProbHead.ChunkRows(model)))
        {
            using var part = NewDisposeScope();
            places.AddRange(TokenPlace.Of(model.Logits(hidden_ND.narrow(0, places.Count, chunk.Length)), chunk, likeliest));
        }

        return [.. places];
    }
}
