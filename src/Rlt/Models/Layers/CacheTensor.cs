using static TorchSharp.torch;

namespace Rlt.Models.Layers;

/// <summary>Tensors of a cache, which have room for more than is used.</summary>
internal static class CacheTensor
{
    /// <summary>A tensor of zeros with an earlier, smaller one's contents at its beginning; that one is disposed. The new one is no dispose scope's.</summary>
    /// <remarks>Unused places must hold numbers, whatever they are: their weight is zero, and zero times not-a-number is not.</remarks>
    public static Tensor Larger(Tensor? old, long[] shape, ScalarType dtype, Device device)
    {
        Tensor larger = zeros(shape, dtype, device).DetachFromDisposeScope();
        if (old is not null)
        {
            using var scope = NewDisposeScope();
            larger.narrow(0, 0, old.size(0)).copy_(old);
            old.Dispose();
        }

        return larger;
    }
}
