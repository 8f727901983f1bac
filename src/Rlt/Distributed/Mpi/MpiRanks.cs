using System.Diagnostics;
using System.Runtime.InteropServices;
using TorchSharp;

namespace Rlt.Distributed.Mpi;

/// <summary>Collectives of main memory over MPI.</summary>
/// <remarks>
/// <para>The standard only recommends that a reduction give the same bits twice (MPI 4.1, 6.9.1, advice to implementors), and has no bfloat16. So MPI
/// moves bytes and the ranks add: every rank receives its share of all the others' (all-to-all), sums it in the order of the ranks, and the sums are
/// gathered where everybody needs them. That sends what the ring algorithms send, and gives the same bits with any library.</para>
/// <para>A thread of its own does the calls (<see cref="CommunicationThread"/>). It waits asleep until every rank has come to an operation, so that it
/// takes no core from the computation, and then moves the data at full speed. Large tensors go in pieces, which bounds the memory beside them and
/// MPI's counts, which are 32-bit integers.</para>
/// </remarks>
public sealed unsafe partial class MpiRanks : ICollectives
{
    private const int ThreadMultiple = 3;
    private const int SmallBytes = 1 << 12;
    private const int PollsBeforeSleep = 200;
    private const int ShortestSleep = 20, LongestSleep = 1000;

    private readonly MpiLibrary _mpi;
    private readonly CommunicationThread _thread = new();
    private readonly int _pieceBytes;
    private readonly nint _world;
    private nint _farewell;
    private void* _received;

    private MpiRanks(MpiLibrary mpi, int pieceBytes)
    {
        (_mpi, _pieceBytes, _world) = (mpi, pieceBytes, mpi.CommWorld);
        (Rank, Size) = _thread.Do(Initialize);
        Traffic = new Traffic(Size);
        string[] hosts = this.AllGatherTexts(Environment.MachineName);
        LocalRank = hosts.Take(Rank).Count(host => host == hosts[Rank]);
        LocalSize = hosts.Count(host => host == hosts[Rank]);
    }

    /// <inheritdoc/>
    public int Rank { get; }

    /// <inheritdoc/>
    public int Size { get; }

    /// <inheritdoc/>
    public int LocalRank { get; }

    /// <inheritdoc/>
    public int LocalSize { get; }

    /// <inheritdoc/>
    public Traffic Traffic { get; }

    /// <summary>Whether nothing that was begun is under way.</summary>
    public bool IsQuiet => _thread.IsQuiet;

    /// <summary>The library and its version.</summary>
    public string Library => _mpi.Version;

    /// <summary>Joins the ranks that were started with this process.</summary>
    /// <param name="launch">How they were.</param>
    /// <param name="pieceBytes">Bytes that an operation moves at a time.</param>
    /// <exception cref="ConfigException">There is no MPI library, or one of another MPI than the starter's.</exception>
    public static MpiRanks Join(RankLaunch launch, int pieceBytes = 64 << 20)
    {
        var ranks = new MpiRanks(MpiLibrary.Load(launch), pieceBytes);
        if (ranks.Size == launch.Size)
        {
            return ranks;
        }

        ranks.Dispose();
        throw new ConfigException($"{launch.Shown} started {launch.Size} ranks, but the MPI library that was loaded ({ranks.Library}) belongs to another one "
            + $"and sees {ranks.Size}. Start with the mpirun of {ranks.Library}, or name the library of this one in {MpiLibrary.Variable}.");
    }

    /// <inheritdoc/>
    public IWork BeginAllReduce(torch.Tensor x)
    {
        var all = RankTensor.Of(x, DeviceType.CPU);
        Traffic.AddAllReduce(all.Bytes);
        return _thread.Begin(() => AllReduce(all), x);
    }

    /// <inheritdoc/>
    public IWork BeginReduceScatter(torch.Tensor input, torch.Tensor output)
    {
        (RankTensor share, RankTensor whole) = RankTensor.Of(output, input, Size, DeviceType.CPU);
        Traffic.AddReduceScatter(whole.Bytes);
        return _thread.Begin(
            () =>
            {
                Meet(_world);
                ReduceShare(whole, share.Count, share.Address);
            },
            input, output);
    }

    /// <inheritdoc/>
    public IWork BeginAllGather(torch.Tensor input, torch.Tensor output)
    {
        (RankTensor share, RankTensor whole) = RankTensor.Of(input, output, Size, DeviceType.CPU);
        Traffic.AddAllGather(whole.Bytes);
        return _thread.Begin(
            () =>
            {
                Meet(_world);
                Gather(share.Address, whole, share.Count);
            },
            input, output);
    }

    /// <inheritdoc/>
    public IWork BeginBroadcast(torch.Tensor x, int root)
    {
        var all = RankTensor.Of(x, DeviceType.CPU);
        Traffic.AddBroadcast(all.Bytes);
        return _thread.Begin(
            () =>
            {
                Meet(_world);
                Broadcast((byte*)all.Address, all.Bytes, root);
            },
            x);
    }

    /// <inheritdoc/>
    public byte[][] AllGatherBytes(byte[] own) => _thread.Do(() =>
    {
        var lengths = new long[Size];
        long length = own.Length;
        fixed (long* all = lengths)
        {
            GatherSmall(_world, &length, all, sizeof(long));
        }

        int longest = checked((int)lengths.Max());
        byte[] padded = new byte[longest], received = new byte[checked((long)longest * Size)];
        own.CopyTo(padded, 0);
        fixed (byte* from = padded, to = received)
        {
            GatherSmall(_world, from, to, longest);
        }

        return lengths.Select((count, rank) => received.AsSpan((int)((long)rank * longest), (int)count).ToArray()).ToArray();
    });

    /// <inheritdoc/>
    public byte[] BroadcastBytes(byte[] own, int root) => _thread.Do(() =>
    {
        long length = own.Length;
        Meet(_world);
        Broadcast((byte*)&length, sizeof(long), root);
        byte[] bytes = Rank == root ? own : new byte[length];
        fixed (byte* all = bytes)
        {
            Broadcast(all, length, root);
        }

        return bytes;
    });

    /// <inheritdoc/>
    public void Barrier() => _thread.Begin(() => Meet(_world)).Wait();

    /// <inheritdoc/>
    public void Abort(int exitCode) => _ = _mpi.Abort(_world, exitCode);

    /// <summary>Exchanges the ranks' last words, wherever their operations stand.</summary>
    /// <param name="own">At most 4 KB are sent.</param>
    /// <param name="atMost">How long the others are waited for.</param>
    /// <returns>Every rank's; null where not all have come to their end.</returns>
    public byte[][]? Farewell(byte[] own, TimeSpan atMost)
    {
        var all = new byte[Size * SmallBytes];
        var block = new byte[SmallBytes];
        int length = Math.Min(own.Length, SmallBytes - sizeof(int));
        BitConverter.TryWriteBytes(block, length);
        own.AsSpan(0, length).CopyTo(block.AsSpan(sizeof(int)));
        fixed (byte* from = block, to = all)
        {
            nint request = 0;
            Check(_mpi.IAllGather(from, SmallBytes, _mpi.Byte, to, SmallBytes, _mpi.Byte, _farewell, &request), "MPI_Iallgather");
            if (!Complete(&request, atMost))
            {
                return null;
            }
        }

        return [.. all.Chunk(SmallBytes).Select(words => words.AsSpan(sizeof(int), BitConverter.ToInt32(words)).ToArray())];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _thread.Begin(() =>
        {
            NativeMemory.Free(_received);
            Check(_mpi.Finalize(), "MPI_Finalize");
        });
        _thread.Dispose();
    }

    private static void Check(int code, string function)
    {
        if (code != 0)
        {
            throw new RunFailedException($"{function} failed with the code {code} of the MPI library");
        }
    }

    [LibraryImport("libc")]
    private static partial int usleep(uint microseconds);

    private (int Rank, int Size) Initialize()
    {
        int given = 0, rank = 0, size = 0;
        nint farewell = 0;
        Check(_mpi.InitThread(null, null, ThreadMultiple, &given), "MPI_Init_thread");
        Check(_mpi.CommRank(_world, &rank), "MPI_Comm_rank");
        Check(_mpi.CommSize(_world, &size), "MPI_Comm_size");
        Check(_mpi.CommDup(_world, &farewell), "MPI_Comm_dup");
        _farewell = farewell;
        _received = NativeMemory.Alloc((nuint)Math.Max(_pieceBytes, size * SmallBytes));
        return (rank, size);
    }

    private void AllReduce(RankTensor x)
    {
        if (x.Bytes <= SmallBytes)
        {
            SumOfAll(x.Address, (int)x.Count, x.Type, x.ElementBytes);
            return;
        }

        long share = x.Count / Size, rest = x.Count % Size;
        RankTensor even = x with { Count = share * Size };
        Meet(_world);
        ReduceShare(even, share, x.At(share * Rank));
        Gather(x.At(share * Rank), even, share);
        if (rest > 0)
        {
            SumOfAll(x.At(even.Count), (int)rest, x.Type, x.ElementBytes);
        }
    }

    // Little data costs less as a whole than in shares.
    private void SumOfAll(nint x, int count, torch.ScalarType type, int elementBytes)
    {
        GatherSmall(_world, (void*)x, _received, count * elementBytes);
        RankedSum.Write(type, _received, Size, count, (void*)x);
    }

    // The sum of this rank's share of all ranks' x.
    private void ReduceShare(RankTensor x, long share, nint sum)
    {
        int piece = Math.Max(1, _pieceBytes / Size / x.ElementBytes);
        for (long first = 0; first < share; first += piece)
        {
            int count = (int)Math.Min(piece, share - first), bytes = count * x.ElementBytes;
            Strided(bytes, share * x.ElementBytes, (blocks, type) =>
                Check(_mpi.AllToAll((void*)x.At(first), blocks, type, _received, bytes, _mpi.Byte, _world), "MPI_Alltoall"));
            RankedSum.Write(x.Type, _received, Size, count, (void*)(sum + (nint)(first * x.ElementBytes)));
        }
    }

    private void Gather(nint input, RankTensor output, long share)
    {
        long shareBytes = share * output.ElementBytes;
        bool isInPlace = input == output.At(share * Rank);
        for (long first = 0; first < shareBytes; first += _pieceBytes)
        {
            int bytes = (int)Math.Min(_pieceBytes, shareBytes - first);
            nint from = isInPlace ? _mpi.InPlace : input + (nint)first;
            Strided(bytes, shareBytes, (blocks, type) => Check(
                _mpi.AllGather((void*)from, bytes, _mpi.Byte, (void*)(output.Address + (nint)first), blocks, type, _world), "MPI_Allgather"));
        }
    }

    private void Broadcast(byte* bytes, long count, int root)
    {
        for (long first = 0; first < count; first += _pieceBytes)
        {
            Check(_mpi.Bcast(bytes + first, (int)Math.Min(_pieceBytes, count - first), _mpi.Byte, root, _world), "MPI_Bcast");
        }
    }

    // Blocks of bytes that begin a number of bytes apart, as so many of a type.
    private void Strided(int bytes, long apart, Action<int, nint> use)
    {
        if (bytes == apart)
        {
            use(bytes, _mpi.Byte);
            return;
        }

        nint block = 0, strided = 0;
        Check(_mpi.TypeContiguous(bytes, _mpi.Byte, &block), "MPI_Type_contiguous");
        Check(_mpi.TypeCreateResized(block, 0, (nint)apart, &strided), "MPI_Type_create_resized");
        Check(_mpi.TypeCommit(&strided), "MPI_Type_commit");
        use(1, strided);
        Check(_mpi.TypeFree(&strided), "MPI_Type_free");
        Check(_mpi.TypeFree(&block), "MPI_Type_free");
    }

    private void GatherSmall(nint group, void* own, void* all, int bytes)
    {
        nint request = 0;
        Check(_mpi.IAllGather(own, bytes, _mpi.Byte, all, bytes, _mpi.Byte, group, &request), "MPI_Iallgather");
        Complete(&request, Timeout.InfiniteTimeSpan);
    }

    // Returns when every rank is here.
    private void Meet(nint group)
    {
        nint request = 0;
        Check(_mpi.IBarrier(group, &request), "MPI_Ibarrier");
        Complete(&request, Timeout.InfiniteTimeSpan);
    }

    // Asks often at first, and then sleeps ever longer between.
    private bool Complete(nint* request, TimeSpan atMost)
    {
        long began = Stopwatch.GetTimestamp();
        for (int polls = 0, done = 0, sleep = ShortestSleep; ; polls++)
        {
            Check(_mpi.Test(request, &done, _mpi.StatusIgnore), "MPI_Test");
            if (done != 0 || (atMost != Timeout.InfiniteTimeSpan && Stopwatch.GetElapsedTime(began) > atMost))
            {
                return done != 0;
            }

            if (polls > PollsBeforeSleep)
            {
                _ = usleep((uint)sleep);
                sleep = Math.Min(2 * sleep, LongestSleep);
            }
        }
    }
}
