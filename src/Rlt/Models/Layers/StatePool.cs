using Rlt.Models.Plans;
using static TorchSharp.torch;

namespace Rlt.Models.Layers;

// X slots, S sequences, H value heads, K key width, V value width, T = kernel − 1 tokens, C channels
/// <summary>The states of one recurrent layer: of each row what its tokens have left, and the last inputs of its convolution.</summary>
internal sealed class LayerStates : IDisposable
{
    private readonly DeltaNetPlan _plan;
    private readonly ScalarType _dtype;
    private readonly Device _device;

    public LayerStates(DeltaNetPlan plan, ScalarType dtype, Device device)
    {
        (_plan, _dtype, _device) = (plan, dtype, device);
        Grow(0);
    }

    /// <summary>States, float32: [X, H, K, V].</summary>
    public Tensor States_XHKV { get; private set; } = null!;

    /// <summary>Inputs of the convolution: [X, T, C].</summary>
    public Tensor Tails_XTC { get; private set; } = null!;

    /// <summary>Room for the states at the ends of some sequences.</summary>
    public Tensor Ends(int sequences) => empty([sequences, _plan.ValueHeads, _plan.KeySize, _plan.ValueSize], ScalarType.Float32, _device);

    /// <summary>Makes room for a number of slots, keeping what is there.</summary>
    public void Grow(int slots)
    {
        States_XHKV = CacheTensor.Larger(States_XHKV, [slots, _plan.ValueHeads, _plan.KeySize, _plan.ValueSize], ScalarType.Float32, _device);
        Tails_XTC = CacheTensor.Larger(Tails_XTC, [slots, _plan.Kernel - 1, _plan.Channels], _dtype, _device);
    }

    /// <summary>Keeps the states at the sequences' ends in the slots of their rows.</summary>
    public void KeepEnds(Tensor ends_SHKV, Tensor slots_S) => States_XHKV.index_copy_(0, slots_S, ends_SHKV);

    /// <summary>Keeps the last inputs of the sequences.</summary>
    public void KeepTails(Tensor tails_STC, Tensor slots_S) => Tails_XTC.index_copy_(0, slots_S, tails_STC);

    /// <summary>Copies slots to others.</summary>
    public void Copy(Tensor from_C, Tensor to_C)
    {
        States_XHKV.index_copy_(0, to_C, States_XHKV.index_select(0, from_C));
        Tails_XTC.index_copy_(0, to_C, Tails_XTC.index_select(0, from_C));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        States_XHKV.Dispose();
        Tails_XTC.Dispose();
    }
}

/// <summary>The states of all recurrent layers, a slot for each row. States are copied, not shared, where rows have a common beginning.</summary>
internal sealed class StatePool : IDisposable
{
    private readonly Dictionary<int, LayerStates> _layers;
    private readonly Device _device;
    private readonly Stack<int> _free = [];
    private int _count;

    public StatePool(ModelConfig config, ScalarType dtype, Device device)
    {
        _device = device;
        _layers = Enumerable.Range(0, config.Layers.Count).Where(layer => config.Layers[layer].Mixer is DeltaNetPlan)
            .ToDictionary(layer => layer, layer => new LayerStates((DeltaNetPlan)config.Layers[layer].Mixer, dtype, device));
    }

    /// <summary>Slots in use.</summary>
    public int Used => _count - _free.Count;

    /// <summary>A layer's.</summary>
    public LayerStates this[int layer] => _layers[layer];

    /// <summary>A slot for a new row; −1 where no layer needs one.</summary>
    public int Take()
    {
        if (_layers.Count == 0)
        {
            return -1;
        }

        if (_free.Count == 0)
        {
            int more = Math.Max(8, _count / 2);
            for (int slot = _count + more - 1; slot >= _count; slot--)
            {
                _free.Push(slot);
            }

            _count += more;
            foreach (LayerStates layer in _layers.Values)
            {
                layer.Grow(_count);
            }
        }

        return _free.Pop();
    }

    /// <summary>Copies a row's state for others.</summary>
    public void Fork(int slot, IReadOnlyList<int> copies)
    {
        if (_layers.Count == 0)
        {
            return;
        }

        using var scope = NewDisposeScope();
        Tensor from_C = full([copies.Count], slot, ScalarType.Int64, _device), to_C = tensor([.. copies.Select(copy => (long)copy)], device: _device);
        foreach (LayerStates layer in _layers.Values)
        {
            layer.Copy(from_C, to_C);
        }
    }

    /// <summary>Gives a slot back.</summary>
    public void Release(int slot)
    {
        if (slot >= 0)
        {
            _free.Push(slot);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (LayerStates layer in _layers.Values)
        {
            layer.Dispose();
        }
    }
}
