using System.Runtime.InteropServices;

namespace TorchSharp.Utils;

/// <summary>The elements of a contiguous CPU tensor, in row-major order.</summary>
public sealed class TensorAccessor<T>
    where T : unmanaged
{
    private readonly torch.Tensor _tensor;

    internal TensorAccessor(torch.Tensor tensor)
    {
        if (tensor.ElementSize != Marshal.SizeOf<T>() && typeof(T) != typeof(bool))
        {
            throw new ArgumentException($"a tensor of {tensor.dtype} cannot be read as {typeof(T).Name}");
        }

        _tensor = tensor;
    }

    public long Count => _tensor.NumberOfElements;

    public T this[params long[] indices]
    {
        get
        {
            long offset = 0;
            for (int i = 0; i < indices.Length; i++)
            {
                offset = (offset * _tensor.shape[i]) + indices[i];
            }

            return Elements()[checked((int)offset)];
        }
    }

    public T[] ToArray()
    {
        using torch.Tensor contiguous = _tensor.contiguous();
        return MemoryMarshal.Cast<byte, T>(contiguous.bytes).ToArray();
    }

    public void CopyTo(Span<T> array) => Elements().CopyTo(array);

    public void CopyFrom(ReadOnlySpan<T> array) => array.CopyTo(Elements());

    private Span<T> Elements() => MemoryMarshal.Cast<byte, T>(_tensor.bytes);
}
