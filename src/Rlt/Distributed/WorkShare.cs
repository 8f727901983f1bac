using System.Runtime.InteropServices;

namespace Rlt.Distributed;

/// <summary>Work split over ranks, each of which ends up with all results.</summary>
public static class WorkShare
{
    /// <summary>Cuts a line of items into a stretch for each rank, of costs as equal as whole items allow; there may be empty ones.</summary>
    /// <param name="costs">What each item costs, 0 or more.</param>
    /// <param name="ranks">The ranks.</param>
    public static Range[] Cut(IReadOnlyList<long> costs, int ranks)
    {
        long total = Math.Max(1, costs.Sum());
        int[] ends = new int[ranks];
        long before = 0;
        for (int i = 0; i < costs.Count; i++)
        {
            // By the item's middle.
            long rank = (long)((Int128)((2 * before) + costs[i]) * ranks / (2 * total));
            ends[Math.Min(rank, ranks - 1)] = i + 1;
            before += costs[i];
        }

        for (int rank = 1; rank < ranks; rank++)
        {
            ends[rank] = Math.Max(ends[rank], ends[rank - 1]);
        }

        return [.. ends.Select((end, rank) => (rank == 0 ? 0 : ends[rank - 1])..end)];
    }

    /// <summary>Fills in what other ranks have computed.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="results">This rank's results, null where others have them; then all of them.</param>
    /// <param name="write">Writes a result.</param>
    /// <param name="read">Reads one.</param>
    public static void Complete<T>(ICollectives ranks, T?[] results, Action<BinaryWriter, T> write, Func<BinaryReader, T> read)
        where T : class
    {
        if (ranks.Size == 1)
        {
            return;
        }

        using var own = new MemoryStream();
        using var writer = new BinaryWriter(own);
        foreach ((int place, T? result) in results.Index())
        {
            if (result is not null)
            {
                writer.Write(place);
                write(writer, result);
            }
        }

        byte[][] all = ranks.AllGatherBytes(own.ToArray());
        foreach (byte[] others in all.Where((_, rank) => rank != ranks.Rank))
        {
            using var reader = new BinaryReader(new MemoryStream(others));
            while (reader.BaseStream.Position < others.Length)
            {
                results[reader.ReadInt32()] = read(reader);
            }
        }
    }

    /// <summary>Fills in the rows that other ranks have computed.</summary>
    public static void Complete(ICollectives ranks, float[]?[] rows) => Complete(ranks, rows, Write, Read<float>);

    /// <summary>Writes numbers and how many they are.</summary>
    public static void Write<T>(BinaryWriter writer, T[] values)
        where T : unmanaged
    {
        writer.Write(values.Length);
        writer.Write(MemoryMarshal.AsBytes(values.AsSpan()));
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    public static T[] Read<T>(BinaryReader reader)
        where T : unmanaged
    {
        var values = new T[reader.ReadInt32()];
        reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    /// <summary>Ends the work of every rank where one of them is asked to stop.</summary>
    /// <exception cref="OperationCanceledException">One is.</exception>
    public static void ThrowIfStopped(this ICollectives ranks, CancellationToken stop)
    {
        if (ranks.IsAny(stop.IsCancellationRequested))
        {
            throw new OperationCanceledException(stop);
        }
    }

    /// <summary>Whether something is so on one of the ranks at least.</summary>
    public static bool IsAny(this ICollectives ranks, bool own) => Sum(ranks, own ? 1 : 0) > 0;

    /// <summary>Sums counts over the ranks, in place.</summary>
    public static void Sum(ICollectives ranks, long[] counts)
    {
        if (ranks.Size == 1)
        {
            return;
        }

        byte[] own = MemoryMarshal.AsBytes(counts.AsSpan()).ToArray();
        long[][] all = [.. ranks.AllGatherBytes(own).Select(bytes => MemoryMarshal.Cast<byte, long>(bytes).ToArray())];
        for (int i = 0; i < counts.Length; i++)
        {
            counts[i] = all.Sum(row => row[i]);
        }
    }

    /// <summary>The sum of a number over the ranks, in their order.</summary>
    public static double Sum(ICollectives ranks, double own) =>
        ranks.Size == 1 ? own : ranks.AllGatherBytes(BitConverter.GetBytes(own)).Sum(bytes => BitConverter.ToDouble(bytes));
}
