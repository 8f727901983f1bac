using System.Runtime.InteropServices;
using TorchSharp;

namespace Rlt.Distributed.Nccl;

/// <summary>Collectives of GPU memory over NCCL; tensors of main memory, bytes and barriers go by the ranks that it was made of.</summary>
/// <remarks>
/// <para>An operation is queued on a stream of its own: it waits there for what libtorch's stream has computed so far, and libtorch's stream waits for it
/// where <see cref="IWork.Wait"/> is called, which does not block the caller. bfloat16 is summed as float32, in a copy.</para>
/// <para>NCCL gives the same bits for the same ranks, machine, version and settings; it does not say so of others, nor in which order it adds.</para>
/// </remarks>
public sealed unsafe class NcclRanks : ICollectives
{
    private const int Int64 = 4, Float32 = 7, BFloat16 = 9, Sum = 0;
    private const uint NonBlocking = 1, NoTiming = 2;

    private readonly ICollectives _host;
    private readonly NcclLibrary _nccl;
    private readonly int _device;
    private readonly DeviceType _type;
    private readonly nint _context;
    private readonly nint _communicator;
    private readonly nint _stream;

    internal NcclRanks(ICollectives host, NcclLibrary nccl, int device, DeviceType type)
    {
        (_host, _nccl, _device, _type, Traffic) = (host, nccl, device, type, new Traffic(host.Size));
        int handle = 0;
        nint context = 0, stream = 0, communicator = 0;
        NcclLibrary.CheckDriver(nccl.DeviceGet(&handle, device), "cuDeviceGet");
        NcclLibrary.CheckDriver(nccl.PrimaryContextRetain(&context, handle), "cuDevicePrimaryCtxRetain");
        NcclLibrary.CheckDriver(nccl.ContextSetCurrent(context), "cuCtxSetCurrent");
        NcclLibrary.CheckDriver(nccl.StreamCreate(&stream, NonBlocking), "cuStreamCreate");
        NcclUniqueId id = default;
        if (host.Rank == 0)
        {
            nccl.CheckNccl(nccl.GetUniqueId(&id), "ncclGetUniqueId");
        }

        id = MemoryMarshal.Read<NcclUniqueId>(host.BroadcastBytes(new ReadOnlySpan<byte>(&id, NcclUniqueId.Bytes).ToArray(), root: 0));
        nccl.CheckNccl(nccl.CommInitRank(&communicator, host.Size, id, host.Rank), "ncclCommInitRank");
        (_context, _stream, _communicator) = (context, stream, communicator);
    }

    /// <inheritdoc/>
    public int Rank => _host.Rank;

    /// <inheritdoc/>
    public int Size => _host.Size;

    /// <inheritdoc/>
    public int LocalRank => _host.LocalRank;

    /// <inheritdoc/>
    public int LocalSize => _host.LocalSize;

    /// <inheritdoc/>
    public Traffic Traffic { get; }

    /// <summary>Joins ranks on a GPU each.</summary>
    /// <param name="host">The ranks.</param>
    /// <param name="device">The number of this one's GPU.</param>
    /// <exception cref="ConfigException">NCCL is not there.</exception>
    /// <exception cref="RunFailedException">The ranks cannot be joined: two have the same GPU, or the network does not reach.</exception>
    public static NcclRanks Join(ICollectives host, int device) => new(host, new NcclLibrary(), device, DeviceType.CUDA);

    /// <inheritdoc/>
    public IWork BeginAllReduce(torch.Tensor x)
    {
        if (x.device_type != _type)
        {
            return _host.BeginAllReduce(x);
        }

        (torch.Tensor wide, bool isCopy) = Widened(x);
        var all = RankTensor.Of(wide, _type);
        Traffic.AddAllReduce(all.Bytes);
        return Queue(
            stream => _nccl.AllReduce(all.Address, all.Address, (nuint)all.Count, Type(all), Sum, _communicator, stream), "ncclAllReduce",
            isCopy ? () => Narrowed(wide, x) : null, x);
    }

    /// <inheritdoc/>
    public IWork BeginReduceScatter(torch.Tensor input, torch.Tensor output)
    {
        if (input.device_type != _type)
        {
            return _host.BeginReduceScatter(input, output);
        }

        _ = RankTensor.Of(output, input, Size, _type);
        (torch.Tensor wide, bool isCopy) = Widened(input);
        torch.Tensor sum = isCopy ? torch.empty_like(output, torch.ScalarType.Float32).DetachFromDisposeScope() : output;
        (RankTensor share, RankTensor whole) = RankTensor.Of(sum, wide, Size, _type);
        Traffic.AddReduceScatter(whole.Bytes);
        return Queue(
            stream => _nccl.ReduceScatter(whole.Address, share.Address, (nuint)share.Count, Type(share), Sum, _communicator, stream), "ncclReduceScatter",
            isCopy
                ? () =>
                {
                    Narrowed(sum, output);
                    wide.Dispose();
                }
            : null,
            input, output);
    }

    /// <inheritdoc/>
    public IWork BeginAllGather(torch.Tensor input, torch.Tensor output)
    {
        if (input.device_type != _type)
        {
            return _host.BeginAllGather(input, output);
        }

        (RankTensor share, RankTensor whole) = RankTensor.Of(input, output, Size, _type);
        Traffic.AddAllGather(whole.Bytes);
        return Queue(
            stream => _nccl.AllGather(share.Address, whole.Address, (nuint)share.Count, Type(share), _communicator, stream), "ncclAllGather", null,
            input, output);
    }

    /// <inheritdoc/>
    public IWork BeginBroadcast(torch.Tensor x, int root)
    {
        if (x.device_type != _type)
        {
            return _host.BeginBroadcast(x, root);
        }

        var all = RankTensor.Of(x, _type);
        Traffic.AddBroadcast(all.Bytes);
        return Queue(
            stream => _nccl.Broadcast(all.Address, all.Address, (nuint)all.Count, Type(all), root, _communicator, stream), "ncclBroadcast", null, x);
    }

    /// <inheritdoc/>
    public byte[][] AllGatherBytes(byte[] own) => _host.AllGatherBytes(own);

    /// <inheritdoc/>
    public byte[] BroadcastBytes(byte[] own, int root) => _host.BroadcastBytes(own, root);

    /// <inheritdoc/>
    public void Barrier()
    {
        NcclLibrary.CheckDriver(_nccl.StreamSynchronize(_stream), "cuStreamSynchronize");
        _host.Barrier();
    }

    /// <inheritdoc/>
    public void Abort(int exitCode) => _host.Abort(exitCode);

    /// <summary>Leaves NCCL; the ranks that it was made of remain.</summary>
    public void Dispose()
    {
        NcclLibrary.CheckDriver(_nccl.StreamSynchronize(_stream), "cuStreamSynchronize");
        _nccl.CheckNccl(_nccl.CommDestroy(_communicator), "ncclCommDestroy");
    }

    private static int Type(RankTensor x) => x.Type switch { torch.ScalarType.Int64 => Int64, torch.ScalarType.Float32 => Float32, _ => BFloat16 };

    // A float32 copy of bfloat16, which no scope frees before it is summed.
    private static (torch.Tensor Wide, bool IsCopy) Widened(torch.Tensor x) => x.dtype == torch.ScalarType.BFloat16
        ? (x.to(torch.ScalarType.Float32).DetachFromDisposeScope(), true) : (x, false);

    private static void Narrowed(torch.Tensor wide, torch.Tensor x)
    {
        using (torch.no_grad())
        {
            x.copy_(wide);
        }

        wide.Dispose();
    }

    private Work Queue(Func<nint, int> operation, string name, Action? after, params torch.Tensor[] uses)
    {
        NcclLibrary.CheckDriver(_nccl.ContextSetCurrent(_context), "cuCtxSetCurrent");
        Order(Computing(), _stream);
        _nccl.CheckNccl(operation(_stream), name);
        return new Work(this, Recorded(_stream), after, uses);
    }

    private nint Computing()
    {
        nint stream = 0;
        return _nccl.CurrentStream(_device, &stream) == 0 ? stream : throw new RunFailedException("libtorch does not tell its CUDA stream");
    }

    // What is queued on the second stream from here on waits for what is on the first.
    private void Order(nint first, nint second)
    {
        nint mark = Recorded(first);
        NcclLibrary.CheckDriver(_nccl.StreamWaitEvent(second, mark, 0), "cuStreamWaitEvent");
        NcclLibrary.CheckDriver(_nccl.EventDestroy(mark), "cuEventDestroy");
    }

    private nint Recorded(nint stream)
    {
        nint mark = 0;
        NcclLibrary.CheckDriver(_nccl.EventCreate(&mark, NoTiming), "cuEventCreate");
        NcclLibrary.CheckDriver(_nccl.EventRecord(mark, stream), "cuEventRecord");
        return mark;
    }

    private sealed class Work(NcclRanks ranks, nint done, Action? after, torch.Tensor[] uses) : IWork
    {
        private bool _waited;

        public void Wait()
        {
            if (_waited)
            {
                return;
            }

            _waited = true;
            NcclLibrary.CheckDriver(ranks._nccl.StreamWaitEvent(ranks.Computing(), done, 0), "cuStreamWaitEvent");
            NcclLibrary.CheckDriver(ranks._nccl.EventDestroy(done), "cuEventDestroy");
            after?.Invoke();
            GC.KeepAlive(uses);
        }
    }
}
