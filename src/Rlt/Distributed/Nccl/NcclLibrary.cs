using System.Runtime.InteropServices;

namespace Rlt.Distributed.Nccl;

/// <summary>The id by which the ranks of a communicator find each other (nccl.h).</summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
internal struct NcclUniqueId
{
    public const int Bytes = 128;
}

/// <summary>The functions of NCCL, and those of CUDA's driver that order its work with libtorch's.</summary>
/// <remarks>Declared as in nccl.h 2.x, which keeps them since 2.7, and cuda.h.</remarks>
internal sealed unsafe class NcclLibrary
{
    private const string Nccl = "libnccl.so.2", Driver = "libcuda.so.1", Torch = "libtorch_cuda.so";

    private readonly delegate* unmanaged<int, byte*> _errorString;

    /// <summary>Loads the libraries.</summary>
    /// <param name="nccl">NCCL's file.</param>
    /// <param name="driver">The driver's.</param>
    /// <param name="torch">That of libtorch's CUDA part.</param>
    /// <exception cref="ConfigException">One of them is not there.</exception>
    public NcclLibrary(string nccl = Nccl, string driver = Driver, string torch = Torch)
    {
        nint library = Load(nccl), cuda = Load(driver);
        GetUniqueId = (delegate* unmanaged<NcclUniqueId*, int>)NativeLibrary.GetExport(library, "ncclGetUniqueId");
        CommInitRank = (delegate* unmanaged<nint*, int, NcclUniqueId, int, int>)NativeLibrary.GetExport(library, "ncclCommInitRank");
        CommDestroy = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "ncclCommDestroy");
        AllReduce = (delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, int>)NativeLibrary.GetExport(library, "ncclAllReduce");
        ReduceScatter = (delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, int>)NativeLibrary.GetExport(library, "ncclReduceScatter");
        AllGather = (delegate* unmanaged<nint, nint, nuint, int, nint, nint, int>)NativeLibrary.GetExport(library, "ncclAllGather");
        Broadcast = (delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, int>)NativeLibrary.GetExport(library, "ncclBroadcast");
        _errorString = (delegate* unmanaged<int, byte*>)NativeLibrary.GetExport(library, "ncclGetErrorString");
        DeviceGet = (delegate* unmanaged<int*, int, int>)NativeLibrary.GetExport(cuda, "cuDeviceGet");
        PrimaryContextRetain = (delegate* unmanaged<nint*, int, int>)NativeLibrary.GetExport(cuda, "cuDevicePrimaryCtxRetain");
        ContextSetCurrent = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(cuda, "cuCtxSetCurrent");
        StreamCreate = (delegate* unmanaged<nint*, uint, int>)NativeLibrary.GetExport(cuda, "cuStreamCreate");
        StreamWaitEvent = (delegate* unmanaged<nint, nint, uint, int>)NativeLibrary.GetExport(cuda, "cuStreamWaitEvent");
        StreamSynchronize = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(cuda, "cuStreamSynchronize");
        EventCreate = (delegate* unmanaged<nint*, uint, int>)NativeLibrary.GetExport(cuda, "cuEventCreate");
        EventRecord = (delegate* unmanaged<nint, nint, int>)NativeLibrary.GetExport(cuda, "cuEventRecord");
        EventDestroy = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(cuda, "cuEventDestroy_v2");
        CurrentStream = (delegate* unmanaged<int, nint*, int>)NativeLibrary.GetExport(Load(torch), "aoti_torch_get_current_cuda_stream");
    }

    public delegate* unmanaged<NcclUniqueId*, int> GetUniqueId { get; }
    public delegate* unmanaged<nint*, int, NcclUniqueId, int, int> CommInitRank { get; }
    public delegate* unmanaged<nint, int> CommDestroy { get; }
    public delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, int> AllReduce { get; }
    public delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, int> ReduceScatter { get; }
    public delegate* unmanaged<nint, nint, nuint, int, nint, nint, int> AllGather { get; }
    public delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, int> Broadcast { get; }
    public delegate* unmanaged<int*, int, int> DeviceGet { get; }
    public delegate* unmanaged<nint*, int, int> PrimaryContextRetain { get; }
    public delegate* unmanaged<nint, int> ContextSetCurrent { get; }
    public delegate* unmanaged<nint*, uint, int> StreamCreate { get; }
    public delegate* unmanaged<nint, nint, uint, int> StreamWaitEvent { get; }
    public delegate* unmanaged<nint, int> StreamSynchronize { get; }
    public delegate* unmanaged<nint*, uint, int> EventCreate { get; }
    public delegate* unmanaged<nint, nint, int> EventRecord { get; }
    public delegate* unmanaged<nint, int> EventDestroy { get; }
    public delegate* unmanaged<int, nint*, int> CurrentStream { get; }

    /// <summary>Fails where a function of NCCL has.</summary>
    /// <exception cref="RunFailedException">The code is not 0.</exception>
    public void CheckNccl(int code, string function)
    {
        if (code != 0)
        {
            throw new RunFailedException($"{function}: {Marshal.PtrToStringUTF8((nint)_errorString(code))} (code {code}). "
                + "NCCL_DEBUG=WARN shows more; where two ranks have the same GPU, give each its own.");
        }
    }

    /// <summary>Fails where a function of the driver has.</summary>
    /// <exception cref="RunFailedException">The code is not 0.</exception>
    public static void CheckDriver(int code, string function)
    {
        if (code != 0)
        {
            throw new RunFailedException($"{function} failed with the code {code} of CUDA's driver");
        }
    }

    private static nint Load(string name) => NativeLibrary.TryLoad(name, typeof(NcclLibrary).Assembly, null, out nint library) ? library
        : throw new ConfigException($"{name} is not there, by which ranks on GPUs exchange tensors. "
            + "Install NCCL 2 (it comes with CUDA's packages) and add its folder to LD_LIBRARY_PATH, or use --device cpu.");
}
