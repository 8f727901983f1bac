namespace Rlt.Distributed;

/// <summary>What of a model's training state each rank holds only its share of.</summary>
/// <remarks>Source: ZeRO (arXiv 1910.02054), section 5.</remarks>
public enum ShardingStage
{
    /// <summary>Nothing: every rank holds all of it.</summary>
    None,

    /// <summary>The optimizer's moments and master weights (ZeRO-1).</summary>
    Zero1,

    /// <summary>These and the summed gradients (ZeRO-2).</summary>
    Zero2,

    /// <summary>These and the weights (ZeRO-3): a layer is gathered when it is needed.</summary>
    Zero3,
}

/// <summary>The ranks that work on a model together, and what each holds only its share of.</summary>
/// <param name="Ranks">The ranks.</param>
/// <param name="Stage">What is shared out.</param>
public sealed record Sharding(ICollectives Ranks, ShardingStage Stage)
{
    /// <summary>A process alone.</summary>
    public static Sharding Alone { get; } = new(OneRank.Instance, ShardingStage.None);

    /// <summary>What the models of this process are loaded with.</summary>
    public static Sharding OfProcess { get; set; } = Alone;

    /// <summary>Whether a rank holds only its piece of gradients, moments and master weights once gradients are summed.</summary>
    public bool HasPieces => Ranks.Size > 1 && Stage >= ShardingStage.Zero1;

    /// <summary>Whether a rank holds only its piece of the weights.</summary>
    public bool ShardsWeights => Ranks.Size > 1 && Stage == ShardingStage.Zero3;

    /// <summary>This rank's piece of a tensor: where it begins among its numbers, and how many it has, 0 where there are fewer numbers than ranks.</summary>
    public (long Start, long Length) PieceOf(long size) => HasPieces ? PieceOf(size, Ranks.Rank, Ranks.Size) : (0, size);

    /// <summary>A rank's piece of a tensor: ⌈size / ranks⌉ numbers, less at the end.</summary>
    public static (long Start, long Length) PieceOf(long size, int rank, int ranks)
    {
        long width = (size + ranks - 1) / ranks;
        long start = Math.Min(size, rank * width);
        return (start, Math.Min(width, size - start));
    }
}
