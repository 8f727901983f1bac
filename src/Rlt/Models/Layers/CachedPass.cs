using Rlt.Models.Gradients;
using Rlt.Platform;
using static TorchSharp.torch;

namespace Rlt.Models.Layers;

// B rows, W blocks of the longest row, S = W · P positions
/// <summary>One more token of each of some cached rows: it is written to the cache and attends to all of its row.</summary>
internal sealed class CachedPass : IAttentionPass
{
    private readonly KeyValueCache _cache;
    private readonly Device _device;
    private readonly Lazy<StepTensors> _tensors;

    /// <summary>Takes room for the tokens. Its tensors are the dispose scope's in which they are first asked for.</summary>
    public CachedPass(KeyValueCache cache, IReadOnlyList<CachedRow> rows, Device device)
    {
        (_cache, _device) = (cache, device);
        Positions = new long[rows.Count];
        Slots = new long[rows.Count];
        for (int i = 0; i < rows.Count; i++)
        {
            Positions[i] = rows[i].Length;
            Slots[i] = cache.Extend(rows[i], 1)[0];
        }

        int width = rows.Max(row => row.Blocks.Count);
        Tables = new long[rows.Count * width];
        for (int i = 0; i < rows.Count; i++)
        {
            for (int block = 0; block < rows[i].Blocks.Count; block++)
            {
                Tables[(i * width) + block] = rows[i].Blocks[block];
            }
        }

        Longest = (int)Positions.Max() + 1;
        _tensors = new Lazy<StepTensors>(MakeTensors);
    }

    /// <inheritdoc/>
    public Tensor Positions_N => _tensors.Value.Positions_B;

    /// <inheritdoc/>
    public int Longest { get; }

    /// <summary>Each row's position.</summary>
    internal long[] Positions { get; }

    /// <summary>Where each row is written: block · P + offset.</summary>
    internal long[] Slots { get; }

    /// <summary>The rows' blocks, [B, W].</summary>
    internal long[] Tables { get; }

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">There is a tape: a cache has no gradients.</exception>
    public Variable Attend(int layer, Variable q_NHE, Variable k_NKE, Variable v_NKE, Tape? tape)
    {
        if (tape is not null)
        {
            throw new NotSupportedException("a cached pass has no backward");
        }

        StepTensors step = _tensors.Value;
        _cache.Write(layer, k_NKE.Data, v_NKE.Data, step.Slots);
        return new Variable(step.Hidden_B11S is null
            ? CpuKernels.CacheAttention(q_NHE.Data, _cache.Keys(layer), _cache.Values(layer), step.Tables_BW, step.Lengths_B)
            : Gathered(layer, q_NHE.Data, step.Tables_BW, step.Hidden_B11S));
    }

    private StepTensors MakeTensors()
    {
        (long rows, long width) = (Positions.Length, Tables.Length / Positions.Length);
        Tensor lengths_B = tensor(Array.ConvertAll(Positions, position => position + 1), device: _device);
        Tensor? hidden_B11S = null;
        if (!CpuKernels.Serve(_cache.Keys(0)))
        {
            long room = width * KeyValueCache.BlockSize;
            hidden_B11S = arange(room, ScalarType.Int64, _device).ge(lengths_B.unsqueeze(1)).view(rows, 1, 1, room);
        }

        return new StepTensors(
            tensor(Positions, device: _device), new CacheSlots(Slots, _device), tensor(Tables, [rows, width], device: _device), lengths_B, hidden_B11S);
    }

    private Tensor Gathered(int layer, Tensor q_BHE, Tensor tables_BW, Tensor hidden_B11S)
    {
        (long rows, long width, long kvHeads, long size) = (tables_BW.size(0), tables_BW.size(1), _cache.Keys(layer).size(1), q_BHE.size(2));
        const long block = KeyValueCache.BlockSize;
        Tensor k_BKES = Blocks(_cache.Keys(layer)).view(rows, width, kvHeads, size, block).permute(0, 2, 3, 1, 4).reshape(rows, kvHeads, size, width * block);
        Tensor v_BKSE = Blocks(_cache.Values(layer)).view(rows, width, kvHeads, block, size).transpose(1, 2).reshape(rows, kvHeads, width * block, size);
        return Attention.Step(q_BHE, k_BKES, v_BKSE, hidden_B11S);

        Tensor Blocks(Tensor cache) => cache.index_select(0, tables_BW.flatten());
    }

    private sealed record StepTensors(Tensor Positions_B, CacheSlots Slots, Tensor Tables_BW, Tensor Lengths_B, Tensor? Hidden_B11S);
}
