using Rlt.Models.Gradients;
using Rlt.Platform;
using static TorchSharp.torch;

namespace Rlt.Models.Layers;

// B rows, W blocks of the longest row, S = W · P positions
/// <summary>One more token of each of some cached rows: it is written to the cache, and attends to its row or continues its state.</summary>
internal sealed class CachedPass : ISequencePass
{
    private readonly SequenceCache _cache;
    private readonly Device _device;
    private readonly CachedPlaces[] _places;
    private readonly long[] _states;
    private readonly Lazy<StepTensors> _tensors;

    /// <summary>Takes room for the tokens. Its tensors are the dispose scope's in which they are first asked for.</summary>
    public CachedPass(SequenceCache cache, IReadOnlyList<CachedRow> rows, Device device)
    {
        (_cache, _device) = (cache, device);
        Positions = [.. rows.Select(row => (long)row.Length)];
        _places = [.. cache.Pools.Select((pool, p) => new CachedPlaces(pool, p, rows))];
        foreach (CachedRow row in rows)
        {
            row.Length++;
        }

        _states = [.. rows.Select(row => (long)row.State)];
        Longest = (int)Positions.Max() + 1;
        _tensors = new Lazy<StepTensors>(MakeTensors);
    }

    /// <inheritdoc/>
    public Tensor Positions_N => _tensors.Value.Positions_B;

    /// <inheritdoc/>
    public Tensor Lengths_N => _tensors.Value.Lengths_B;

    /// <inheritdoc/>
    public int Longest { get; }

    /// <summary>Each row's position.</summary>
    internal long[] Positions { get; }

    /// <summary>Where each row is in a pool.</summary>
    internal CachedPlaces PlacesOf(int pool) => _places[pool];

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">There is a tape: a cache has no gradients.</exception>
    public Variable Attend(int layer, AttentionRule rule, Variable q_NHE, Variable k_NKE, Variable v_NKE, Tape? tape)
    {
        RefuseTape(tape);
        int index = _cache.PoolOf(layer);
        KeyValuePool pool = _cache.Pools[index];
        PoolTensors step = _tensors.Value.Pools[index];
        pool.Write(layer, k_NKE.Data, v_NKE.Data, step.Slots);
        Tensor? sinks_H = rule.Sinks?.Value.to(ScalarType.Float32);
        return new Variable(step.Hidden_B11S is null
            ? CpuKernels.CacheAttention(q_NHE.Data, pool.Keys(layer), pool.Values(layer), step.Tables_BW, step.Lengths_B, rule.Scale, rule.Window, sinks_H)
            : Gathered(pool, layer, rule, q_NHE.Data, step.Tables_BW, step.Hidden_B11S));
    }

    /// <inheritdoc/>
    public Variable Convolve(int layer, Variable x_NC, Parameter weight_C1K, Tape? tape)
    {
        RefuseTape(tape);
        return new Variable(CausalConvolution.Step(x_NC.Data, weight_C1K.Value, _cache.States[layer].Tails_XTC, _tensors.Value.States_B));
    }

    /// <inheritdoc/>
    public Variable Recur(int layer, DeltaInputs inputs, Tape? tape)
    {
        RefuseTape(tape);
        return new Variable(GatedDelta.Step(
            inputs.Q_NGK.Data, inputs.K_NGK.Data, inputs.V_NHV.Data, inputs.Decay_NH.Data, inputs.Beta_NH.Data, _cache.States[layer].States_XHKV,
            _tensors.Value.States_B));
    }

    private static void RefuseTape(Tape? tape)
    {
        if (tape is not null)
        {
            throw new NotSupportedException("a cached pass has no backward");
        }
    }

    private StepTensors MakeTensors() => new(
        tensor(Positions, device: _device), tensor(Array.ConvertAll(Positions, position => position + 1), device: _device), tensor(_states, device: _device),
        [.. _places.Select((places, p) => MakeTensors(places, _cache.Pools[p]))]);

    private PoolTensors MakeTensors(CachedPlaces places, KeyValuePool pool)
    {
        (long rows, long width) = (Positions.Length, places.Tables.Length / Positions.Length);
        Tensor lengths_B = tensor(places.Lengths, device: _device);
        Tensor? hidden_B11S = null;
        if (!CpuKernels.Serve(pool.All.Keys[0]))
        {
            long room = width * KeyValuePool.BlockSize;
            Tensor at_1S = arange(room, ScalarType.Int64, _device).unsqueeze(0), lengths_B1 = lengths_B.unsqueeze(1);
            Tensor hidden_BS = at_1S.ge(lengths_B1);
            hidden_BS = pool.Window == 0 ? hidden_BS : hidden_BS.logical_or(at_1S.lt(lengths_B1 - pool.Window));
            hidden_B11S = hidden_BS.view(rows, 1, 1, room);
        }

        return new PoolTensors(new CacheSlots(places.Slots, _device), tensor(places.Tables, [rows, width], device: _device), lengths_B, hidden_B11S);
    }

    private static Tensor Gathered(KeyValuePool pool, int layer, AttentionRule rule, Tensor q_BHE, Tensor tables_BW, Tensor hidden_B11S)
    {
        (long rows, long width, long kvHeads, long size) = (tables_BW.size(0), tables_BW.size(1), pool.Keys(layer).size(1), q_BHE.size(2));
        const long block = KeyValuePool.BlockSize;
        Tensor k_BKES = Blocks(pool.Keys(layer)).view(rows, width, kvHeads, size, block).permute(0, 2, 3, 1, 4).reshape(rows, kvHeads, size, width * block);
        Tensor v_BKSE = Blocks(pool.Values(layer)).view(rows, width, kvHeads, block, size).transpose(1, 2).reshape(rows, kvHeads, width * block, size);
        return Attention.Step(rule, q_BHE, k_BKES, v_BKSE, hidden_B11S);

        Tensor Blocks(Tensor cache) => cache.index_select(0, tables_BW.flatten());
    }

    private sealed record StepTensors(Tensor Positions_B, Tensor Lengths_B, Tensor States_B, PoolTensors[] Pools);

    private sealed record PoolTensors(CacheSlots Slots, Tensor Tables_BW, Tensor Lengths_B, Tensor? Hidden_B11S);
}

/// <summary>Where the rows of a decoding step are in a pool: numbers from the first block that is kept on.</summary>
internal sealed class CachedPlaces
{
    /// <summary>Takes room for a token of each row.</summary>
    public CachedPlaces(KeyValuePool pool, int index, IReadOnlyList<CachedRow> rows)
    {
        RowBlocks[] blocks = [.. rows.Select(row => row.BlocksOf(index))];
        Slots = [.. rows.Select((row, i) => pool.Extend(blocks[i], row.Length, row.Length + 1)[0])];
        Lengths = [.. rows.Select((row, i) => row.Length + 1L - ((long)blocks[i].Dropped * KeyValuePool.BlockSize))];
        int width = blocks.Max(row => row.Blocks.Count);
        Tables = new long[rows.Count * width];
        for (int i = 0; i < rows.Count; i++)
        {
            for (int block = 0; block < blocks[i].Blocks.Count; block++)
            {
                Tables[(i * width) + block] = blocks[i].Blocks[block];
            }
        }
    }

    /// <summary>Where each row is written: block · P + offset.</summary>
    public long[] Slots { get; }

    /// <summary>The rows' blocks, [B, W].</summary>
    public long[] Tables { get; }

    /// <summary>Positions of each, its token included.</summary>
    public long[] Lengths { get; }
}
