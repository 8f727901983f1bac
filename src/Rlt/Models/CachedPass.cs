using Rlt.Models.Gradients;
using Rlt.Platform;
using static TorchSharp.torch;

namespace Rlt.Models;

// B rows, W blocks of the longest row, S = W · P positions
/// <summary>One more token of each of some cached rows: it is written to the cache and attends to all of its row.</summary>
internal sealed class CachedPass : IAttentionPass
{
    private readonly KeyValueCache _cache;
    private readonly CacheSlots _slots;
    private readonly Tensor _tables_BW;
    private readonly Tensor _lengths_B;
    private readonly Tensor? _hidden_B11S;

    /// <summary>Takes room for the tokens. Its tensors are the current dispose scope's.</summary>
    public CachedPass(KeyValueCache cache, IReadOnlyList<CachedRow> rows, Device device)
    {
        _cache = cache;
        var positions = new long[rows.Count];
        var slots = new long[rows.Count];
        for (int i = 0; i < rows.Count; i++)
        {
            positions[i] = rows[i].Length;
            slots[i] = cache.Extend(rows[i], 1)[0];
        }

        int width = rows.Max(row => row.Blocks.Count);
        var tables = new long[rows.Count * width];
        for (int i = 0; i < rows.Count; i++)
        {
            for (int block = 0; block < rows[i].Blocks.Count; block++)
            {
                tables[(i * width) + block] = rows[i].Blocks[block];
            }
        }

        _slots = new CacheSlots(slots, device);
        Positions_N = tensor(positions, device: device);
        _lengths_B = tensor(Array.ConvertAll(positions, position => position + 1), device: device);
        _tables_BW = tensor(tables, [rows.Count, width], device: device);
        Longest = (int)positions.Max() + 1;
        if (!CpuKernels.Serve(cache.Keys(0)))
        {
            long room = (long)width * KeyValueCache.BlockSize;
            _hidden_B11S = arange(room, ScalarType.Int64, device).ge(_lengths_B.unsqueeze(1)).view(rows.Count, 1, 1, room);
        }
    }

    /// <inheritdoc/>
    public Tensor Positions_N { get; }

    /// <inheritdoc/>
    public int Longest { get; }

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">There is a tape: a cache has no gradients.</exception>
    public Variable Attend(int layer, Variable q_NHE, Variable k_NKE, Variable v_NKE, Tape? tape)
    {
        if (tape is not null)
        {
            throw new NotSupportedException("a cached pass has no backward");
        }

        _cache.Write(layer, k_NKE.Data, v_NKE.Data, _slots);
        return new Variable(_hidden_B11S is null
            ? CpuKernels.CacheAttention(q_NHE.Data, _cache.Keys(layer), _cache.Values(layer), _tables_BW, _lengths_B)
            : Gathered(layer, q_NHE.Data, _hidden_B11S));
    }

    private Tensor Gathered(int layer, Tensor q_BHE, Tensor hidden_B11S)
    {
        (long rows, long width, long kvHeads, long size) = (_tables_BW.size(0), _tables_BW.size(1), _cache.Keys(layer).size(1), q_BHE.size(2));
        const long block = KeyValueCache.BlockSize;
        Tensor k_BKES = Blocks(_cache.Keys(layer)).view(rows, width, kvHeads, size, block).permute(0, 2, 3, 1, 4).reshape(rows, kvHeads, size, width * block);
        Tensor v_BKSE = Blocks(_cache.Values(layer)).view(rows, width, kvHeads, block, size).transpose(1, 2).reshape(rows, kvHeads, width * block, size);
        return Attention.Step(q_BHE, k_BKES, v_BKSE, hidden_B11S);

        Tensor Blocks(Tensor cache) => cache.index_select(0, _tables_BW.flatten());
    }
}
