using Rlt.Models.Safetensors;
using static TorchSharp.torch;

namespace Rlt.Models;

/// <summary>Reads experts that are stored in blocks of 32 four-bit numbers with a power of two for each block (MXFP4), as gpt-oss is published.</summary>
/// <remarks>Source: OCP Microscaling Formats, version 1.0: elements E2M1, scales E8M0. The first of two elements is in a byte's low half.</remarks>
internal static class FourBitExperts
{
    /// <summary>What the name of the blocks ends with: [E, O, blocks, 16 bytes].</summary>
    public const string Blocks = "_blocks";

    /// <summary>What the name of the scales ends with: [E, O, blocks].</summary>
    public const string Scales = "_scales";

    private const int Bias = 127;
    private static readonly float[] Values = [0, 0.5f, 1, 1.5f, 2, 3, 4, 6, -0f, -0.5f, -1, -1.5f, -2, -3, -4, -6];

    /// <summary>The name of the scales that belong to blocks; null where the name is not of blocks.</summary>
    public static string? ScalesOf(string name) => name.EndsWith(Blocks, StringComparison.Ordinal) ? name[..^Blocks.Length] + Scales : null;

    /// <summary>The shape that stored blocks and scales come to: [E, I, O].</summary>
    /// <exception cref="CheckpointException">The two do not belong together.</exception>
    public static long[] Shape((SafetensorsFile File, TensorEntry Entry) blocks, (SafetensorsFile File, TensorEntry Entry) scales)
    {
        long[] shape = blocks.Entry.Shape;
        if (shape.Length != 4 || shape[3] != 16 || !scales.Entry.Shape.SequenceEqual(shape.Take(3))
            || blocks.Entry.Type != StoredType.U8 || scales.Entry.Type != StoredType.U8)
        {
            throw new CheckpointException(
                $"{blocks.File.Path}: '{blocks.Entry.Name}' [{string.Join(", ", shape)}] and '{scales.Entry.Name}' [{string.Join(", ", scales.Entry.Shape)}] are not MXFP4; "
                + "expected U8 of [experts, outputs, blocks, 16] and [experts, outputs, blocks]");
        }

        return [shape[0], 32 * shape[2], shape[1]];
    }

    /// <summary>The numbers: [E, I, O] in a type, on a device.</summary>
    public static Tensor Read((SafetensorsFile File, TensorEntry Entry) blocks, (SafetensorsFile File, TensorEntry Entry) scales, ScalarType dtype, Device device)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        Tensor values = tensor(Values);
        Tensor bytes_EOB16 = TensorBytes.Read(blocks.File, blocks.Entry, ScalarType.Byte, CPU);
        Tensor powers_EOB1 = TensorBytes.Read(scales.File, scales.Entry, ScalarType.Byte, CPU).to(ScalarType.Int32).sub(Bias).unsqueeze(-1);
        long[] shape = Shape(blocks, scales);

        // An expert at a time: the numbers are eight times the bytes.
        Tensor result = empty(shape, dtype, device);
        for (long e = 0; e < shape[0]; e++)
        {
            using var expert = NewDisposeScope();
            Tensor pairs = bytes_EOB16[e].to(ScalarType.Int64);
            Tensor numbers = values.index_select(0, stack([pairs.bitwise_and(15), pairs.bitwise_right_shift(4)], -1).flatten()).view(shape[2], -1, 32);
            result[e].copy_(numbers.ldexp(powers_EOB1[e]).view(shape[2], shape[1]).t());
        }

        return scope.MoveToOuter(result);
    }
}
