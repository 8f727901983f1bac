using Rlt.Distributed;

namespace Rlt.Models;

/// <summary>This rank's batches of sequences that all ranks know, in as many passes as the rank with the most has.</summary>
internal sealed class RankBatches
{
    private readonly IReadOnlyList<int[]> _own;
    private readonly IReadOnlyList<TokenSequence> _sequences;
    private readonly Decoder _model;
    private readonly bool[] _sharesContext;

    private RankBatches(Decoder model, IReadOnlyList<TokenSequence> sequences, IReadOnlyList<int[]> own, int passes)
    {
        (_model, _sequences, _own, Passes) = (model, sequences, own, passes);
        _sharesContext = PackedBatch.ShareContext(sequences, model.Config.LengthBoundary);
    }

    /// <summary>Passes of every rank.</summary>
    public int Passes { get; }

    /// <summary>The sequences' indices of a pass; none where this rank only takes part in what the pass asks of all ranks.</summary>
    public int[] this[int pass] => pass < _own.Count ? _own[pass] : [];

    /// <summary>Some of the sequences, packed.</summary>
    public PackedBatch Pack(int[] indices) => new(
        [.. indices.Select(i => _sequences[i])], _model.Device, _model.Config.LengthBoundary, [.. indices.Select(i => _sharesContext[i])]);

    /// <summary>The batches of some sequences under a model.</summary>
    /// <param name="model">The model, and the ranks.</param>
    /// <param name="sequences">The sequences, the same on every rank.</param>
    /// <param name="tokenBudget">Tokens of one batch.</param>
    public static RankBatches Of(Decoder model, IReadOnlyList<TokenSequence> sequences, int tokenBudget)
    {
        (ICollectives ranks, int boundary) = (model.Sharding.Ranks, model.Config.LengthBoundary);
        if (ranks.Size == 1)
        {
            IReadOnlyList<int[]> all = PackedBatch.Split(sequences, tokenBudget, boundary);
            return new RankBatches(model, sequences, all, all.Count);
        }

        int[][][] batches = [.. PackedBatch.Share(sequences, ranks.Size, boundary).Select(share =>
            PackedBatch.Split([.. share.Select(i => sequences[i])], tokenBudget, boundary)
                .Select(batch => batch.Select(place => share[place]).ToArray()).ToArray())];
        return new RankBatches(model, sequences, batches[ranks.Rank], batches.Max(rank => rank.Length));
    }
}
