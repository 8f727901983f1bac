using Rlt.Models.Plans;
using static TorchSharp.torch;

namespace Rlt.Models.Layers;

/// <summary>What the layers keep of the sequences that are being written: keys and values of attention, states of recurrent layers.</summary>
/// <remarks>Not for gradients.</remarks>
public sealed class SequenceCache : IDisposable
{
    /// <summary>Positions of a block of keys and values.</summary>
    internal const int BlockSize = KeyValuePool.BlockSize;

    private readonly Dictionary<int, int> _poolOf = [];
    private readonly Device _device;

    /// <summary>An empty cache.</summary>
    /// <param name="config">The model's shape.</param>
    /// <param name="positions">Positions to make room for at once; more room is made when it is needed.</param>
    /// <param name="dtype">Of keys and values.</param>
    /// <param name="device">Where they are.</param>
    public SequenceCache(ModelConfig config, int positions, ScalarType dtype, Device device)
    {
        _device = device;
        int blocks = Math.Max(1, KeyValuePool.BlocksFor(positions));
        var pools = new List<KeyValuePool>();
        foreach (var group in config.Layers.Index().Where(layer => layer.Item.Mixer is AttentionPlan { Source: null })
            .Select(layer => KeyValuePair.Create(layer.Index, (AttentionPlan)layer.Item.Mixer)).GroupBy(layer => layer.Value.Window))
        {
            foreach (int layer in group.Select(pair => pair.Key))
            {
                _poolOf[layer] = pools.Count;
            }

            pools.Add(new KeyValuePool(group.Key, group, blocks, dtype, device));
        }

        Pools = pools;
        States = new StatePool(config, dtype, device);
    }

    /// <summary>Blocks of keys and values in use.</summary>
    public int UsedBlocks => Pools.Sum(pool => pool.UsedBlocks);

    /// <summary>Blocks there are.</summary>
    public int BlockCount => Pools.Sum(pool => pool.BlockCount);

    /// <summary>Keys and values, a pool for each width of window.</summary>
    internal IReadOnlyList<KeyValuePool> Pools { get; }

    /// <summary>The states of recurrent layers.</summary>
    internal StatePool States { get; }

    /// <summary>The pool of an attention layer's keys and values.</summary>
    internal int PoolOf(int layer) => _poolOf[layer];

    /// <summary>Takes room for further tokens of some rows.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="count">How many further tokens each has.</param>
    /// <returns>Where they go. Its tensors are the current dispose scope's.</returns>
    public CachePlaces Extend(IReadOnlyList<CachedRow> rows, Func<int, int> count)
    {
        CacheSlots[] slots = [.. Pools.Select((pool, p) => new CacheSlots(
            [.. rows.SelectMany((row, i) => pool.Extend(row.BlocksOf(p), row.Length, row.Length + count(i)))], _device))];
        for (int i = 0; i < rows.Count; i++)
        {
            rows[i].State = rows[i].Length == 0 ? States.Take() : rows[i].State;
            rows[i].Length += count(i);
        }

        return new CachePlaces(slots, tensor([.. rows.Select(row => (long)row.State)], device: _device));
    }

    /// <summary>Rows that begin as the given one does.</summary>
    public CachedRow[] Fork(CachedRow row, int copies)
    {
        CachedRow[] forks = [.. Enumerable.Range(0, copies).Select(_ => new CachedRow { Length = row.Length, State = States.Take() })];
        for (int p = 0; p < Pools.Count; p++)
        {
            Pools[p].Fork(row.BlocksOf(p), row.Length, forks.Select(fork => fork.BlocksOf(p)));
        }

        States.Fork(row.State, [.. forks.Select(fork => fork.State)]);
        return forks;
    }

    /// <summary>Gives a row's room back.</summary>
    public void Close(CachedRow row)
    {
        for (int p = 0; p < Pools.Count; p++)
        {
            Pools[p].Close(row.BlocksOf(p));
        }

        States.Release(row.State);
        (row.Length, row.State) = (0, -1);
    }

    /// <summary>Writes keys and values of one layer.</summary>
    internal void Write(int layer, Tensor k_NKE, Tensor v_NKE, CachePlaces places) =>
        Pools[_poolOf[layer]].Write(layer, k_NKE, v_NKE, places.Slots[_poolOf[layer]]);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (KeyValuePool pool in Pools)
        {
            pool.Dispose();
        }

        States.Dispose();
    }
}

/// <summary>One sequence's place in a cache.</summary>
public sealed class CachedRow
{
    private readonly List<RowBlocks> _blocks = [];

    /// <summary>Positions held.</summary>
    public int Length { get; internal set; }

    /// <summary>The slot of its states; −1 for none.</summary>
    internal int State { get; set; } = -1;

    /// <summary>Its blocks in a pool.</summary>
    internal RowBlocks BlocksOf(int pool)
    {
        while (_blocks.Count <= pool)
        {
            _blocks.Add(new RowBlocks());
        }

        return _blocks[pool];
    }
}

// S sequences
/// <summary>Where in a cache the rows of one pass go.</summary>
public sealed class CachePlaces
{
    internal CachePlaces(IReadOnlyList<CacheSlots> slots, Tensor states_S) => (Slots, States_S) = (slots, states_S);

    /// <summary>The rows' slots in each pool.</summary>
    internal IReadOnlyList<CacheSlots> Slots { get; }

    /// <summary>The slot of each sequence's states, int64.</summary>
    internal Tensor States_S { get; }
}
