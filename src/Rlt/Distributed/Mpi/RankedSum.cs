using System.Numerics;
using TorchSharp;

namespace Rlt.Distributed.Mpi;

/// <summary>Sums of the ranks' elements in the order of the ranks: float32, bfloat16 in float32 and rounded once to the nearest even, and int64.</summary>
internal static unsafe class RankedSum
{
    /// <summary>Writes the sum of the blocks.</summary>
    /// <param name="type">The elements' type.</param>
    /// <param name="blocks">The ranks' blocks, one after another.</param>
    /// <param name="ranks">Their number.</param>
    /// <param name="count">Elements of a block.</param>
    /// <param name="sum">Where the sum goes; not in the blocks.</param>
    public static void Write(torch.ScalarType type, void* blocks, int ranks, int count, void* sum)
    {
        switch (type)
        {
            case torch.ScalarType.Float32:
                Plain((float*)blocks, ranks, count, (float*)sum);
                break;
            case torch.ScalarType.Int64:
                Plain((long*)blocks, ranks, count, (long*)sum);
                break;
            default:
                Wide((ushort*)blocks, ranks, count, (ushort*)sum);
                break;
        }
    }

    private static void Plain<T>(T* blocks, int ranks, int count, T* sum)
        where T : unmanaged, INumber<T>
    {
        int i = 0;
        for (; i <= count - Vector<T>.Count; i += Vector<T>.Count)
        {
            Vector<T> total = Vector.Load(blocks + i);
            for (int rank = 1; rank < ranks; rank++)
            {
                total += Vector.Load(blocks + ((long)rank * count) + i);
            }

            Vector.Store(total, sum + i);
        }

        for (; i < count; i++)
        {
            T total = blocks[i];
            for (int rank = 1; rank < ranks; rank++)
            {
                total += blocks[((long)rank * count) + i];
            }

            sum[i] = total;
        }
    }

    private static void Wide(ushort* blocks, int ranks, int count, ushort* sum)
    {
        int i = 0;
        for (; i <= count - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            (Vector<float> low, Vector<float> high) = Widen(Vector.Load(blocks + i));
            for (int rank = 1; rank < ranks; rank++)
            {
                (Vector<float> nextLow, Vector<float> nextHigh) = Widen(Vector.Load(blocks + ((long)rank * count) + i));
                (low, high) = (low + nextLow, high + nextHigh);
            }

            Vector.Store(Vector.Narrow(Rounded(low), Rounded(high)), sum + i);
        }

        for (; i < count; i++)
        {
            float total = Wide(blocks[i]);
            for (int rank = 1; rank < ranks; rank++)
            {
                total += Wide(blocks[((long)rank * count) + i]);
            }

            sum[i] = (ushort)Rounded(new Vector<float>(total))[0];
        }
    }

    private static float Wide(ushort x) => BitConverter.UInt32BitsToSingle((uint)x << 16);

    private static (Vector<float> Low, Vector<float> High) Widen(Vector<ushort> x)
    {
        Vector.Widen(x, out Vector<uint> low, out Vector<uint> high);
        return (Vector.AsVectorSingle(low << 16), Vector.AsVectorSingle(high << 16));
    }

    // The upper halves of the nearest bfloat16; of what is not a number, one that is none.
    private static Vector<uint> Rounded(Vector<float> x)
    {
        Vector<uint> bits = Vector.AsVectorUInt32(x), odd = (bits >>> 16) & Vector<uint>.One;
        Vector<uint> isNumber = Vector.AsVectorUInt32(Vector.Equals(x, x));
        return Vector.ConditionalSelect(isNumber, (bits + new Vector<uint>(0x7FFF) + odd) >>> 16, new Vector<uint>(0x7FC0));
    }
}
