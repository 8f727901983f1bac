using Rlt.Models.Plans;
using Rlt.Platform;
using static TorchSharp.torch;

namespace Rlt.Models.Layers;

// N rows, X blocks, K kv heads, P positions of a block, E head width, W blocks of the longest row
/// <summary>
/// Keys and values of the layers that need the same positions of a row (all, or the last of a window) in blocks of positions. Rows take blocks as they
/// grow, give back those that no further token sees, and share those of a common beginning.
/// </summary>
/// <remarks>Block tables follow PagedAttention (arXiv 2309.06180).</remarks>
internal sealed class KeyValuePool : IDisposable
{
    /// <summary>P.</summary>
    public const int BlockSize = 32;

    private readonly SortedDictionary<int, AttentionPlan> _layers;
    private readonly Dictionary<int, Tensor> _keys_XKEP = [];
    private readonly Dictionary<int, Tensor> _values_XKPE = [];
    private readonly ScalarType _dtype;
    private readonly Device _device;
    private readonly Stack<int> _free = [];
    private int[] _users = [];

    /// <summary>An empty pool of some layers' keys and values, by the layers' indices.</summary>
    public KeyValuePool(int window, IEnumerable<KeyValuePair<int, AttentionPlan>> layers, int blocks, ScalarType dtype, Device device)
    {
        _layers = new SortedDictionary<int, AttentionPlan>(layers.ToDictionary());
        (Window, _dtype, _device) = (window, dtype, device);
        Grow(blocks);
    }

    /// <summary>Tokens that a token of these layers sees; 0: all.</summary>
    public int Window { get; }

    /// <summary>Blocks in use.</summary>
    public int UsedBlocks => _users.Length - _free.Count;

    /// <summary>Blocks there are.</summary>
    public int BlockCount => _users.Length;

    /// <summary>The layers' keys [X, K, E, P] and values [X, K, P, E], in the layers' order.</summary>
    public (Tensor[] Keys, Tensor[] Values) All => ([.. _layers.Keys.Select(layer => _keys_XKEP[layer])], [.. _layers.Keys.Select(layer => _values_XKPE[layer])]);

    /// <summary>The blocks that a number of positions take.</summary>
    public static int BlocksFor(int positions) => (positions + BlockSize - 1) / BlockSize;

    /// <summary>Keys of a layer: [X, K, E, P].</summary>
    public Tensor Keys(int layer) => _keys_XKEP[layer];

    /// <summary>Values of a layer: [X, K, P, E].</summary>
    public Tensor Values(int layer) => _values_XKPE[layer];

    /// <summary>Takes blocks for further positions of a row, and gives back those that no further token sees.</summary>
    /// <param name="row">The row's blocks.</param>
    /// <param name="from">Positions it has.</param>
    /// <param name="to">Positions it is to have.</param>
    /// <returns>The slot of each further position, block · P + offset; −1 of those that are not kept.</returns>
    public long[] Extend(RowBlocks row, int from, int to)
    {
        int first = Window == 0 ? 0 : Math.Max(0, to - Window) / BlockSize;
        while (row.Dropped < first && row.Blocks.Count > 0)
        {
            Release(row.Blocks[0]);
            row.Blocks.RemoveAt(0);
            row.Dropped++;
        }

        row.Dropped = Math.Max(row.Dropped, first);
        while (row.Dropped + row.Blocks.Count < BlocksFor(to))
        {
            row.Blocks.Add(Take());
        }

        var slots = new long[to - from];
        for (int position = from; position < to; position++)
        {
            int block = (position / BlockSize) - row.Dropped;
            slots[position - from] = block < 0 ? -1 : ((long)row.Blocks[block] * BlockSize) + (position % BlockSize);
        }

        return slots;
    }

    /// <summary>Makes other rows of the same beginning: full blocks are shared, the last, part-filled one is copied.</summary>
    public void Fork(RowBlocks row, int length, IEnumerable<RowBlocks> copies)
    {
        (List<long> from, List<long> to) = ([], []);
        int full = (length / BlockSize) - row.Dropped;
        foreach (RowBlocks copy in copies)
        {
            copy.Dropped = row.Dropped;
            foreach (int block in row.Blocks[..full])
            {
                _users[block]++;
                copy.Blocks.Add(block);
            }

            if (full < row.Blocks.Count)
            {
                copy.Blocks.Add(Take());
                from.Add(row.Blocks[full]);
                to.Add(copy.Blocks[full]);
            }
        }

        CopyBlocks([.. from], [.. to]);
    }

    /// <summary>Gives a row's blocks back.</summary>
    public void Close(RowBlocks row)
    {
        row.Blocks.ForEach(Release);
        row.Blocks.Clear();
        row.Dropped = 0;
    }

    /// <summary>Writes keys and values of one layer.</summary>
    public void Write(int layer, Tensor k_NKE, Tensor v_NKE, CacheSlots slots)
    {
        (Tensor k, Tensor v) = slots.Kept_M is { } kept_M ? (k_NKE.index_select(0, kept_M), v_NKE.index_select(0, kept_M)) : (k_NKE, v_NKE);
        if (CpuKernels.Serve(k))
        {
            CpuKernels.CacheWrite(k, v, slots.Slots_M, _keys_XKEP[layer], _values_XKPE[layer]);
            return;
        }

        _keys_XKEP[layer].permute(0, 3, 1, 2).index_put_(k, slots.Blocks_M, slots.Offsets_M);
        _values_XKPE[layer].transpose(1, 2).index_put_(v, slots.Blocks_M, slots.Offsets_M);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor tensor in _keys_XKEP.Values.Concat(_values_XKPE.Values))
        {
            tensor.Dispose();
        }
    }

    private int Take()
    {
        if (_free.Count == 0)
        {
            Grow(Math.Max(16, _users.Length / 2));
        }

        int block = _free.Pop();
        _users[block] = 1;
        return block;
    }

    private void Release(int block)
    {
        if (--_users[block] == 0)
        {
            _free.Push(block);
        }
    }

    private void CopyBlocks(long[] from, long[] to)
    {
        if (from.Length == 0)
        {
            return;
        }

        using var scope = NewDisposeScope();
        (Tensor from_C, Tensor to_C) = (tensor(from, device: _device), tensor(to, device: _device));
        foreach (Tensor blocks in _keys_XKEP.Values.Concat(_values_XKPE.Values))
        {
            blocks.index_copy_(0, to_C, blocks.index_select(0, from_C));
        }
    }

    private void Grow(int more)
    {
        int before = _users.Length;
        Array.Resize(ref _users, before + more);
        for (int block = _users.Length - 1; block >= before; block--)
        {
            _free.Push(block);
        }

        foreach ((int layer, AttentionPlan plan) in _layers)
        {
            long[] keys = [_users.Length, plan.KeyValueHeads, plan.HeadSize, BlockSize], values = [_users.Length, plan.KeyValueHeads, BlockSize, plan.HeadSize];
            _keys_XKEP[layer] = CacheTensor.Larger(_keys_XKEP.GetValueOrDefault(layer), keys, _dtype, _device);
            _values_XKPE[layer] = CacheTensor.Larger(_values_XKPE.GetValueOrDefault(layer), values, _dtype, _device);
        }
    }
}

/// <summary>A row's blocks in a pool, in the order of their positions.</summary>
internal sealed class RowBlocks
{
    /// <summary>The blocks.</summary>
    public List<int> Blocks { get; } = [];

    /// <summary>Blocks before them that were given back.</summary>
    public int Dropped { get; set; }
}

// M rows that are kept
/// <summary>Where in a pool the rows of one pass are written. Its tensors are the dispose scope's in which it is made.</summary>
internal sealed class CacheSlots
{
    /// <summary>Slots of all rows, block · P + offset; −1 of those that are not kept.</summary>
    public CacheSlots(long[] slots, Device device)
    {
        long[] kept = [.. slots.Where(slot => slot >= 0)];
        Slots_M = tensor(kept, device: device);
        Blocks_M = tensor(Array.ConvertAll(kept, slot => slot / KeyValuePool.BlockSize), device: device);
        Offsets_M = tensor(Array.ConvertAll(kept, slot => slot % KeyValuePool.BlockSize), device: device);
        if (kept.Length < slots.Length)
        {
            Kept_M = tensor([.. Enumerable.Range(0, slots.Length).Where(row => slots[row] >= 0).Select(row => (long)row)], device: device);
        }
    }

    /// <summary>The slots of the kept rows, int64.</summary>
    public Tensor Slots_M { get; }

    /// <summary>The block of each.</summary>
    public Tensor Blocks_M { get; }

    /// <summary>The position of each in its block.</summary>
    public Tensor Offsets_M { get; }

    /// <summary>The kept rows; null for all.</summary>
    public Tensor? Kept_M { get; }
}
