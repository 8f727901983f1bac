using static TorchSharp.torch;

namespace Rlt.Models;

// B rows, K kv heads, S cached positions, E head width
/// <summary>Keys and values of every layer, preallocated, written in place, growing in blocks of positions.</summary>
/// <remarks>Not for gradients. Rows have lengths of their own: a row's unused positions hold anything and are masked by the reader.</remarks>
public sealed class KeyValueCache : IDisposable
{
    private const int Block = 256;
    private readonly ModelConfig _config;
    private readonly ScalarType _dtype;
    private readonly Device _device;
    private readonly Tensor[] _keys_BKSE;
    private readonly Tensor[] _values_BKSE;

    /// <summary>A cache for <paramref name="rows"/> sequences of up to <paramref name="capacity"/> positions, rounded up to whole blocks.</summary>
    public KeyValueCache(ModelConfig config, int rows, int capacity, ScalarType dtype, Device device)
    {
        (_config, _dtype, _device) = (config, dtype, device);
        Rows = rows;
        Capacity = RoundUp(capacity);
        _keys_BKSE = [.. Enumerable.Range(0, config.LayerCount).Select(_ => Allocate(rows, Capacity))];
        _values_BKSE = [.. Enumerable.Range(0, config.LayerCount).Select(_ => Allocate(rows, Capacity))];
    }

    /// <summary>Sequences held.</summary>
    public int Rows { get; private set; }

    /// <summary>Positions a row has room for.</summary>
    public int Capacity { get; private set; }

    /// <summary>Keys of a layer at positions 0 to <paramref name="length"/> − 1: a view [B, K, S, E].</summary>
    public Tensor Keys(int layer, int length) => _keys_BKSE[layer].narrow(2, 0, length);

    /// <summary>Values of a layer at positions 0 to <paramref name="length"/> − 1: a view [B, K, S, E].</summary>
    public Tensor Values(int layer, int length) => _values_BKSE[layer].narrow(2, 0, length);

    /// <summary>Writes the first <c>T</c> positions of all rows.</summary>
    public void WritePrompt(int layer, Tensor keys_BKTE, Tensor values_BKTE)
    {
        long length = keys_BKTE.size(2);
        _keys_BKSE[layer].narrow(2, 0, length).copy_(keys_BKTE);
        _values_BKSE[layer].narrow(2, 0, length).copy_(values_BKTE);
    }

    /// <summary>Writes one position of each row.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="rows_B">0 to B − 1.</param>
    /// <param name="positions_B">The position of each row.</param>
    /// <param name="keys_BK1E">The keys, [B, K, 1, E].</param>
    /// <param name="values_BK1E">The values, [B, K, 1, E].</param>
    public void WriteStep(int layer, Tensor rows_B, Tensor positions_B, Tensor keys_BK1E, Tensor values_BK1E)
    {
        Put(_keys_BKSE[layer], keys_BK1E);
        Put(_values_BKSE[layer], values_BK1E);

        void Put(Tensor cache_BKSE, Tensor step_BK1E) => cache_BKSE.transpose(1, 2).index_put_(step_BK1E.squeeze(2), rows_B, positions_B);
    }

    /// <summary>Copies rows of another cache over rows of this one: row <c>to[i]</c> becomes the other's row <c>from[i]</c>.</summary>
    public void CopyRows(KeyValueCache source, int[] from, int[] to, int length)
    {
        Reserve(length);
        using var scope = NewDisposeScope();
        Tensor fromRows = tensor(Array.ConvertAll(from, row => (long)row), device: _device);
        Tensor toRows = tensor(Array.ConvertAll(to, row => (long)row), device: _device);
        for (int layer = 0; layer < _keys_BKSE.Length; layer++)
        {
            _keys_BKSE[layer].narrow(2, 0, length).index_copy_(0, toRows, source.Keys(layer, length).index_select(0, fromRows));
            _values_BKSE[layer].narrow(2, 0, length).index_copy_(0, toRows, source.Values(layer, length).index_select(0, fromRows));
        }
    }

    /// <summary>Keeps only the named rows, in that order.</summary>
    public void KeepRows(int[] rows)
    {
        using var scope = NewDisposeScope();
        Tensor kept = tensor(Array.ConvertAll(rows, row => (long)row), device: _device);
        Rewrite(old => old.index_select(0, kept));
        Rows = rows.Length;
    }

    /// <summary>Makes room for <paramref name="length"/> positions a row.</summary>
    public void Reserve(int length)
    {
        if (length <= Capacity)
        {
            return;
        }

        int filled = Capacity;
        Capacity = RoundUp(Math.Max(length, Capacity + (Capacity / 2)));
        Rewrite(old =>
        {
            Tensor grown = Allocate(Rows, Capacity);
            grown.narrow(2, 0, filled).copy_(old);
            return grown;
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor tensor in _keys_BKSE.Concat(_values_BKSE))
        {
            tensor.Dispose();
        }
    }

    private static int RoundUp(int length) => (length + Block - 1) / Block * Block;

    private void Rewrite(Func<Tensor, Tensor> change)
    {
        foreach (Tensor[] tensors in new[] { _keys_BKSE, _values_BKSE })
        {
            for (int layer = 0; layer < tensors.Length; layer++)
            {
                using Tensor old = tensors[layer];
                tensors[layer] = change(old).DetachFromDisposeScope();
            }
        }
    }

    private Tensor Allocate(int rows, int capacity)
    {
        Tensor zeros_BKSE = zeros([rows, _config.KeyValueHeadCount, capacity, _config.HeadSize], _dtype, _device);
        return zeros_BKSE.DetachFromDisposeScope();
    }
}
