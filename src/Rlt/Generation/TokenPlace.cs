using static TorchSharp.torch;

namespace Rlt.Generation;

/// <summary>A token and its log-probability; nats.</summary>
public readonly record struct TokenLogProb(int Id, float LogProb);

// B positions, V vocabulary, K likeliest
/// <summary>Where a token stands in a model's own distribution, at temperature 1 and before top-k and top-p.</summary>
/// <param name="Id">The token.</param>
/// <param name="LogProb">Its log-probability; nats.</param>
/// <param name="Rank">1 for the likeliest.</param>
/// <param name="Likeliest">The likeliest tokens, as many as were asked for.</param>
public sealed record TokenPlace(int Id, float LogProb, int Rank, TokenLogProb[] Likeliest)
{
    /// <summary>The places of one token a row.</summary>
    /// <param name="logits_BV">Logits.</param>
    /// <param name="ids">A token a row.</param>
    /// <param name="likeliest">How many of the likeliest are told.</param>
    public static TokenPlace[] Of(Tensor logits_BV, IReadOnlyList<int> ids, int likeliest)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        int most = (int)Math.Min(likeliest, logits_BV.size(1));
        Tensor logProbs_BV = logits_BV.to(ScalarType.Float32).log_softmax(-1);
        Tensor own_B1 = logProbs_BV.gather(1, tensor(ids.Select(id => (long)id).ToArray(), [ids.Count, 1], device: logits_BV.device));
        float[] own = own_B1.squeeze(1).cpu().data<float>().ToArray();
        long[] ranks = logProbs_BV.gt(own_B1).sum(-1).cpu().data<long>().ToArray();
        (Tensor top_BK, Tensor topIds_BK) = logProbs_BV.topk(Math.Max(1, most));
        float[] top = top_BK.contiguous().cpu().data<float>().ToArray();
        long[] topIds = topIds_BK.contiguous().cpu().data<long>().ToArray();
        int width = Math.Max(1, most);
        return [.. ids.Select((id, row) => new TokenPlace(id, own[row], (int)ranks[row] + 1,
            [.. Enumerable.Range(row * width, most).Select(i => new TokenLogProb((int)topIds[i], top[i]))]))];
    }
}
