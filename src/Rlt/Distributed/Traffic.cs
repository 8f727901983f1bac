namespace Rlt.Distributed;

/// <summary>Bytes that one of n ranks must send, of B bytes of a whole tensor: what the ring algorithms send, which is the least there is.</summary>
public sealed class Traffic
{
    private readonly int _ranks;

    internal Traffic(int ranks) => _ranks = ranks;

    /// <summary>By all-reduce: 2 (n−1)/n · B.</summary>
    public long AllReduce { get; private set; }

    /// <summary>By reduce-scatter: (n−1)/n · B, B of the input.</summary>
    public long ReduceScatter { get; private set; }

    /// <summary>By all-gather: (n−1)/n · B, B of the output.</summary>
    public long AllGather { get; private set; }

    /// <summary>By broadcast: (n−1)/n · B, the mean over the ranks.</summary>
    public long Broadcast { get; private set; }

    /// <summary>By all of them.</summary>
    public long Total => AllReduce + ReduceScatter + AllGather + Broadcast;

    internal void AddAllReduce(long bytes) => AllReduce += 2 * Share(bytes);

    internal void AddReduceScatter(long bytes) => ReduceScatter += Share(bytes);

    internal void AddAllGather(long bytes) => AllGather += Share(bytes);

    internal void AddBroadcast(long bytes) => Broadcast += Share(bytes);

    private long Share(long bytes) => (long)((decimal)bytes * (_ranks - 1) / _ranks);
}
