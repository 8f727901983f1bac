using System.Runtime.InteropServices;
using Rlt.Models.Safetensors;

namespace Rlt.Models.Gguf;

/// <summary>A tensor of a GGUF file.</summary>
/// <param name="Name">llama.cpp's name.</param>
/// <param name="Type">How it is written.</param>
/// <param name="Shape">The sizes, outermost first.</param>
/// <param name="Write">Writes exactly <see cref="ByteLength"/> bytes.</param>
internal sealed record GgufTensor(string Name, GgufType Type, long[] Shape, Action<Stream> Write)
{
    private const int PartBytes = 1 << 20;

    /// <summary>Its bytes in the file.</summary>
    public long ByteLength => Shape[..^1].Aggregate(1L, (product, size) => product * size) * Type.RowBytes(Shape[^1]);

    /// <summary>Numbers that no checkpoint has.</summary>
    public static GgufTensor Of(string name, float[] values) =>
        new(name, GgufType.F32, [values.Length], stream => stream.Write(MemoryMarshal.AsBytes<float>(values)));

    /// <summary>Stored tensors one after the other, read and written a few rows at a time.</summary>
    /// <param name="name">llama.cpp's name.</param>
    /// <param name="type">How it is to be written.</param>
    /// <param name="parts">The tensors, of one shape; several are stacked.</param>
    /// <param name="rowOf">Which stored row (of a vector: which element) comes at a place; null: the same.</param>
    /// <param name="offset">What is added to every number.</param>
    public static GgufTensor Of(
        string name, GgufType type, IReadOnlyList<(SafetensorsFile File, TensorEntry Entry)> parts, Func<long, long>? rowOf, float offset)
    {
        long[] shape = parts[0].Entry.Shape;
        return new GgufTensor(name, type, parts.Count > 1 ? [parts.Count, .. shape] : shape, stream =>
        {
            foreach ((SafetensorsFile file, TensorEntry entry) in parts)
            {
                WriteRows(stream, file, entry, type, rowOf, offset);
            }
        });
    }

    private static unsafe void WriteRows(Stream stream, SafetensorsFile file, TensorEntry entry, GgufType type, Func<long, long>? rowOf, float offset)
    {
        // A vector's elements are rows of one number; vectors are never quantised.
        (long rows, int length) = entry.Shape is [var count] ? (count, 1)
            : (entry.Shape[..^1].Aggregate(1L, (product, size) => product * size), (int)entry.Shape[^1]);
        int rowBytes = (int)type.RowBytes(length), stored = length * entry.Type.SizeInBytes();
        int atOnce = (int)Math.Clamp(PartBytes / Math.Max(1, rowBytes), 1, rows);
        var values = new float[length];
        var bytes = new byte[atOnce * rowBytes];
        for (long first = 0; first < rows; first += atOnce)
        {
            int here = (int)Math.Min(atOnce, rows - first);
            for (int i = 0; i < here; i++)
            {
                long row = rowOf?.Invoke(first + i) ?? first + i;
                GgufTypes.Read(entry.Type, new ReadOnlySpan<byte>(file.Pointer(entry) + (row * stored), stored), values);
                for (int k = 0; offset != 0 && k < values.Length; k++)
                {
                    values[k] += offset;
                }

                if (!GgufTypes.Write(type, values, bytes.AsSpan(i * rowBytes, rowBytes)))
                {
                    throw new CheckpointException(
                        $"{file.Path}: '{entry.Name}' has a number that 16-bit floats cannot hold (beyond 65504). Choose --type bf16 or f32.");
                }
            }

            stream.Write(bytes, 0, here * rowBytes);
        }
    }
}
