using System.Runtime.InteropServices;
using Rlt.Models.Safetensors;

namespace Rlt.Models.Gguf;

/// <summary>How a GGUF file holds a tensor's elements; the values are ggml's own.</summary>
public enum GgufType
{
    /// <summary>32-bit float.</summary>
    F32 = 0,

    /// <summary>16-bit IEEE float.</summary>
    F16 = 1,

    /// <summary>Blocks of 32: a 16-bit float scale and 32 signed bytes.</summary>
    Q8_0 = 8,

    /// <summary>16-bit float with the exponent of a 32-bit one.</summary>
    BF16 = 30,
}

/// <summary>Sizes of <see cref="GgufType"/>, and rows of stored tensors turned into it as ggml rounds them.</summary>
internal static class GgufTypes
{
    /// <summary>Elements of a quantised block; rows that are no multiple of it cannot be quantised.</summary>
    public const int BlockLength = 32;

    private const int BlockBytes = 2 + BlockLength;

    /// <summary>Bytes of a row.</summary>
    public static long RowBytes(this GgufType type, long length) => type switch
    {
        GgufType.F32 => 4 * length,
        GgufType.Q8_0 => length / BlockLength * BlockBytes,
        _ => 2 * length,
    };

    /// <summary>Reads stored elements as 32-bit floats.</summary>
    public static void Read(StoredType stored, ReadOnlySpan<byte> bytes, Span<float> values)
    {
        switch (stored)
        {
            case StoredType.F32:
                MemoryMarshal.Cast<byte, float>(bytes).CopyTo(values);
                break;
            case StoredType.BF16:
                ReadOnlySpan<ushort> halves = MemoryMarshal.Cast<byte, ushort>(bytes);
                for (int i = 0; i < values.Length; i++)
                {
                    values[i] = BitConverter.UInt32BitsToSingle((uint)halves[i] << 16);
                }

                break;
            case StoredType.F16:
                ReadOnlySpan<Half> narrow = MemoryMarshal.Cast<byte, Half>(bytes);
                for (int i = 0; i < values.Length; i++)
                {
                    values[i] = (float)narrow[i];
                }

                break;
            default:
                ReadOnlySpan<double> wide = MemoryMarshal.Cast<byte, double>(bytes);
                for (int i = 0; i < values.Length; i++)
                {
                    values[i] = (float)wide[i];
                }

                break;
        }
    }

    /// <summary>Writes a row.</summary>
    /// <returns>False where a finite value is beyond what the type can hold.</returns>
    public static bool Write(GgufType type, ReadOnlySpan<float> values, Span<byte> bytes)
    {
        switch (type)
        {
            case GgufType.F32:
                MemoryMarshal.Cast<float, byte>(values).CopyTo(bytes);
                return true;
            case GgufType.BF16:
                Span<ushort> shorts = MemoryMarshal.Cast<byte, ushort>(bytes);
                for (int i = 0; i < values.Length; i++)
                {
                    shorts[i] = ToBFloat16(values[i]);
                }

                return true;
            case GgufType.F16:
                Span<Half> halves = MemoryMarshal.Cast<byte, Half>(bytes);
                bool fits = true;
                for (int i = 0; i < values.Length; i++)
                {
                    halves[i] = (Half)values[i];
                    fits &= Half.IsFinite(halves[i]) || !float.IsFinite(values[i]);
                }

                return fits;
            default:
                bool whole = true;
                for (int block = 0; block < values.Length / BlockLength; block++)
                {
                    whole &= WriteBlock(values.Slice(block * BlockLength, BlockLength), bytes.Slice(block * BlockBytes, BlockBytes));
                }

                return whole;
        }
    }

    // To the nearest, ties to even; NaN stays NaN.
    private static ushort ToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)(float.IsNaN(value) ? (bits >> 16) | 64 : (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    // The scale that divides is the unrounded one; halves go away from zero.
    private static bool WriteBlock(ReadOnlySpan<float> values, Span<byte> bytes)
    {
        float largest = 0;
        foreach (float value in values)
        {
            largest = Math.Max(largest, Math.Abs(value));
        }

        float scale = largest / 127, inverse = scale == 0 ? 0 : 1 / scale;
        var stored = (Half)scale;
        MemoryMarshal.Write(bytes, in stored);
        for (int i = 0; i < values.Length; i++)
        {
            bytes[2 + i] = (byte)(sbyte)MathF.Round(values[i] * inverse, MidpointRounding.AwayFromZero);
        }

        return Half.IsFinite(stored);
    }
}
