using Rlt.Platform;
using static TorchSharp.torch;

namespace Rlt.Models.Layers;

// N rows, X blocks, K kv heads, P positions of a block, E head width, W blocks of the longest row
/// <summary>
/// Keys and values of every layer in blocks of positions. Rows take blocks as they grow, give them back when closed, and share those of a common
/// beginning.
/// </summary>
/// <remarks>Not for gradients. Block tables follow PagedAttention (arXiv 2309.06180).</remarks>
public sealed class KeyValueCache : IDisposable
{
    /// <summary>P.</summary>
    internal const int BlockSize = 32;

    private readonly ModelConfig _config;
    private readonly ScalarType _dtype;
    private readonly Device _device;
    private readonly Tensor[] _keys_XKEP;
    private readonly Tensor[] _values_XKPE;
    private readonly Stack<int> _free = [];
    private int[] _users = [];

    /// <summary>An empty cache.</summary>
    /// <param name="config">The model's shape.</param>
    /// <param name="positions">Positions to make room for at once; more room is made when it is needed.</param>
    /// <param name="dtype">Of keys and values.</param>
    /// <param name="device">Where they are.</param>
    public KeyValueCache(ModelConfig config, int positions, ScalarType dtype, Device device)
    {
        (_config, _dtype, _device) = (config, dtype, device);
        _keys_XKEP = new Tensor[config.LayerCount];
        _values_XKPE = new Tensor[config.LayerCount];
        Grow(Math.Max(1, BlocksFor(positions)));
    }

    /// <summary>Blocks in use.</summary>
    public int UsedBlocks => _users.Length - _free.Count;

    /// <summary>Blocks there are.</summary>
    public int BlockCount => _users.Length;

    /// <summary>Keys of a layer: [X, K, E, P].</summary>
    internal Tensor Keys(int layer) => _keys_XKEP[layer];

    /// <summary>Values of a layer: [X, K, P, E].</summary>
    internal Tensor Values(int layer) => _values_XKPE[layer];

    /// <summary>Keys of all layers.</summary>
    internal ReadOnlySpan<Tensor> AllKeys => _keys_XKEP;

    /// <summary>Values of all layers.</summary>
    internal ReadOnlySpan<Tensor> AllValues => _values_XKPE;

    /// <summary>Takes room for further positions of a row.</summary>
    /// <returns>The slot of each: block · P + offset.</returns>
    public long[] Extend(CachedRow row, int count)
    {
        int missing = BlocksFor(row.Length + count) - row.Blocks.Count;
        for (int i = 0; i < missing; i++)
        {
            row.Blocks.Add(Take());
        }

        var slots = new long[count];
        for (int i = 0; i < count; i++)
        {
            int position = row.Length + i;
            slots[i] = ((long)row.Blocks[position / BlockSize] * BlockSize) + (position % BlockSize);
        }

        row.Length += count;
        return slots;
    }

    /// <summary>Rows that begin as the given one does: full blocks are shared, the last, part-filled one is copied.</summary>
    public CachedRow[] Fork(CachedRow row, int copies)
    {
        var forks = new CachedRow[copies];
        var from = new List<long>();
        var to = new List<long>();
        int full = row.Length / BlockSize;
        for (int i = 0; i < copies; i++)
        {
            forks[i] = new CachedRow { Length = row.Length };
            foreach (int block in row.Blocks[..full])
            {
                _users[block]++;
                forks[i].Blocks.Add(block);
            }

            if (full * BlockSize < row.Length)
            {
                from.Add(row.Blocks[full]);
                forks[i].Blocks.Add(Take());
                to.Add(forks[i].Blocks[full]);
            }
        }

        CopyBlocks([.. from], [.. to]);
        return forks;
    }

    /// <summary>Gives a row's blocks back.</summary>
    public void Close(CachedRow row)
    {
        foreach (int block in row.Blocks)
        {
            if (--_users[block] == 0)
            {
                _free.Push(block);
            }
        }

        row.Blocks.Clear();
        row.Length = 0;
    }

    /// <summary>Writes keys and values of one layer.</summary>
    public void Write(int layer, Tensor k_NKE, Tensor v_NKE, CacheSlots slots)
    {
        if (CpuKernels.Serve(k_NKE))
        {
            CpuKernels.CacheWrite(k_NKE, v_NKE, slots.Slots_N, _keys_XKEP[layer], _values_XKPE[layer]);
            return;
        }

        _keys_XKEP[layer].permute(0, 3, 1, 2).index_put_(k_NKE, slots.Blocks_N, slots.Offsets_N);
        _values_XKPE[layer].transpose(1, 2).index_put_(v_NKE, slots.Blocks_N, slots.Offsets_N);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor tensor in _keys_XKEP.Concat(_values_XKPE))
        {
            tensor.Dispose();
        }
    }

    private static int BlocksFor(int positions) => (positions + BlockSize - 1) / BlockSize;

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

    private void CopyBlocks(long[] from, long[] to)
    {
        if (from.Length == 0)
        {
            return;
        }

        using var scope = NewDisposeScope();
        (Tensor from_C, Tensor to_C) = (tensor(from, device: _device), tensor(to, device: _device));
        foreach (Tensor blocks in _keys_XKEP.Concat(_values_XKPE))
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

        long[] keys = [_users.Length, _config.KeyValueHeadCount, _config.HeadSize, BlockSize];
        long[] values = [_users.Length, _config.KeyValueHeadCount, BlockSize, _config.HeadSize];
        for (int layer = 0; layer < _config.LayerCount; layer++)
        {
            _keys_XKEP[layer] = Larger(_keys_XKEP[layer], keys, before);
            _values_XKPE[layer] = Larger(_values_XKPE[layer], values, before);
        }
    }

    // Unused positions must hold numbers, whatever they are: their weight is zero, and zero times not-a-number is not.
    private Tensor Larger(Tensor? old, long[] shape, int kept)
    {
        Tensor larger = zeros(shape, _dtype, _device).DetachFromDisposeScope();
        if (old is not null)
        {
            using var scope = NewDisposeScope();
            larger.narrow(0, 0, kept).copy_(old);
            old.Dispose();
        }

        return larger;
    }
}

/// <summary>One sequence's place in a cache.</summary>
public sealed class CachedRow
{
    /// <summary>Positions held.</summary>
    public int Length { get; internal set; }

    /// <summary>The blocks, in the order of their positions.</summary>
    internal List<int> Blocks { get; } = [];
}

/// <summary>Where in a cache the rows of one pass are written. Its tensors are the dispose scope's in which it is made.</summary>
/// <param name="slots">block · P + offset of each row.</param>
/// <param name="device">The cache's.</param>
public sealed class CacheSlots(long[] slots, Device device)
{
    /// <summary>The slots, int64.</summary>
    internal Tensor Slots_N { get; } = tensor(slots, device: device);

    /// <summary>The block of each.</summary>
    internal Tensor Blocks_N { get; } = tensor(Array.ConvertAll(slots, slot => slot / KeyValueCache.BlockSize), device: device);

    /// <summary>The position of each in its block.</summary>
    internal Tensor Offsets_N { get; } = tensor(Array.ConvertAll(slots, slot => slot % KeyValueCache.BlockSize), device: device);
}
