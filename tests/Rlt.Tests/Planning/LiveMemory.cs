using System.Runtime.InteropServices;

namespace Rlt.Tests.Planning;

/// <summary>Bytes that native code holds, tensors above all, and their peak while some work runs.</summary>
internal static class LiveMemory
{
    /// <summary>The highest number of bytes held during the work above those held before it, looked at every millisecond.</summary>
    public static long PeakOf(Action work)
    {
        long before = Held();
        long peak = before;
        using var done = new ManualResetEventSlim();
        var watcher = new Thread(() =>
        {
            while (!done.IsSet)
            {
                peak = Math.Max(peak, Held());
                Thread.Sleep(0);
            }
        });
        watcher.Start();
        work();
        done.Set();
        watcher.Join();
        return peak - before;
    }

    // Bytes in use of glibc's heap and of the blocks mapped apart from it; the collector's heap is neither.
    internal static long Held()
    {
        MallocStatistics statistics = mallinfo2();
        return (long)(statistics.InUse + statistics.Mapped);
    }

    [DllImport("libc")]
    private static extern MallocStatistics mallinfo2();

    // struct mallinfo2 of malloc.h.
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct MallocStatistics
    {
        private readonly nuint _arena;
        private readonly nuint _freeChunks;
        private readonly nuint _fastBins;
        private readonly nuint _mappedBlocks;
        public readonly nuint Mapped;
        private readonly nuint _unused;
        private readonly nuint _fastBinBytes;
        public readonly nuint InUse;
        private readonly nuint _free;
        private readonly nuint _top;
    }
}
