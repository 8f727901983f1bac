using Rlt.Models.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlt.Models;

/// <summary>Tensors from the bytes of weight files, and back.</summary>
public static class TensorBytes
{
    /// <summary>libtorch's dtype of a stored type.</summary>
    public static ScalarType ToScalarType(this StoredType type) => type switch
    {
        StoredType.F64 => ScalarType.Float64,
        StoredType.F32 => ScalarType.Float32,
        StoredType.F16 => ScalarType.Float16,
        StoredType.BF16 => ScalarType.BFloat16,
        StoredType.I64 => ScalarType.Int64,
        StoredType.I32 => ScalarType.Int32,
        StoredType.I16 => ScalarType.Int16,
        StoredType.I8 => ScalarType.Int8,
        StoredType.U8 => ScalarType.Byte,
        StoredType.Bool => ScalarType.Bool,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a stored type"),
    };

    /// <summary>The stored type of a dtype.</summary>
    public static StoredType ToStoredType(this ScalarType type) =>
        Enum.GetValues<StoredType>().First(stored => stored.ToScalarType() == type);

    /// <summary>A copy of a stored tensor, in the dtype asked for, on the device.</summary>
    public static unsafe Tensor Read(SafetensorsFile file, TensorEntry entry, ScalarType dtype, Device device)
    {
        using var noGrad = no_grad();
        Tensor host = empty(entry.Shape, entry.Type.ToScalarType());
        host.CopyFromMemory(file.Pointer(entry), entry.Length);
        return host.dtype == dtype && device.type == DeviceType.CPU ? host : host.to(dtype, device, disposeAfter: true);
    }

    /// <summary>Writes a tensor's bytes, little-endian and row-major.</summary>
    public static void Write(Tensor tensor, Stream stream)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        Tensor flat = tensor.detach().cpu().contiguous().reshape(-1);
        const long Part = 1L << 24;
        for (long start = 0; start < flat.NumberOfElements; start += Part)
        {
            using Tensor part = flat.narrow(0, start, Math.Min(Part, flat.NumberOfElements - start));
            stream.Write(part.bytes);
        }
    }

    /// <summary>Writes a stored tensor's bytes as they are.</summary>
    public static unsafe void Copy(SafetensorsFile file, TensorEntry entry, Stream stream)
    {
        const long Part = 1L << 24;
        for (long start = 0; start < entry.Length; start += Part)
        {
            stream.Write(new ReadOnlySpan<byte>(file.Pointer(entry) + start, (int)Math.Min(Part, entry.Length - start)));
        }
    }

    private static unsafe void CopyFromMemory(this Tensor host, byte* source, long length)
    {
        const long Part = 1L << 30;
        Tensor flat = host.view(-1);
        long elements = Part / host.ElementSize;
        for (long start = 0, done = 0; done < length; start += elements)
        {
            using Tensor part = flat.narrow(0, start, Math.Min(elements, flat.NumberOfElements - start));
            Span<byte> target = part.bytes;
            new ReadOnlySpan<byte>(source + done, target.Length).CopyTo(target);
            done += target.Length;
        }

        flat.Dispose();
    }
}
