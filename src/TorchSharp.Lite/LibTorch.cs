using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace TorchSharp;

/// <summary>The libtorch in this process: how it is found, prepared and described.</summary>
/// <remarks>Not part of TorchSharp's API: with the TorchSharp packages, their own loader does this.</remarks>
public static partial class LibTorch
{
    private const int TrimThreshold = -1;
    private const int TopPad = -2;
    private const int MmapThreshold = -3;
    private const int ArenaMax = -8;

    private static readonly Op EmbeddingOp = new("aten::embedding");
    private static readonly Lock Gate = new();
    private static bool _prepared;

    /// <summary>libtorch's version, such as "1.13.0".</summary>
    public static string Version => Marshal.PtrToStringUTF8(Shim.rlt_torch_version()) ?? "unknown";

    /// <summary>The kernel set OpenBLAS chose, such as "SkylakeX"; null where the BLAS is another (MKL, or a reference BLAS).</summary>
    public static string? OpenBlasCore => Marshal.PtrToStringUTF8(Shim.rlt_openblas_core());

    /// <summary>Whether matrix products run on Intel's MKL.</summary>
    public static bool HasMkl => Shim.rlt_has_mkl() != 0;

    /// <summary>A warning about a BLAS that makes everything many times slower; null when all is well.</summary>
    public static string? BlasWarning()
    {
        if (HasMkl || torch.cuda.is_available())
        {
            return null;
        }

        return Shim.rlt_openblas_parallel() switch
        {
            2 or 0 => null,
            1 => "OpenBLAS is its pthread build, which fights with libtorch's threads. Install its OpenMP build (apt-get install libopenblas0-openmp) "
                + "and select it: update-alternatives --config libopenblas.so.0-x86_64-linux-gnu, and the same for libblas.so.3-x86_64-linux-gnu",
            _ => "no OpenBLAS was found; matrix products will be about 30 times slower. Install it: apt-get install libopenblas0-openmp",
        };
    }

    /// <summary>Bytes a CUDA device has allocated now, had at its peak, and reserves from the driver.</summary>
    public static unsafe (long Allocated, long Peak, long Reserved) CudaMemory(int device)
    {
        long* bytes = stackalloc long[3];
        Shim.Check(Shim.rlt_cuda_memory(device, bytes) == 0, "cuda memory");
        return (bytes[0], bytes[1], bytes[2]);
    }

    /// <summary>Starts the peak of <see cref="CudaMemory"/> anew.</summary>
    public static void ResetCudaPeak(int device) => Shim.Check(Shim.rlt_cuda_reset_peak(device) == 0, "cuda memory");

    /// <summary>Rows of a table [V, D] by id: [..., D]. TorchSharp has it only as a module.</summary>
    public static torch.Tensor Embedding(torch.Tensor ids, torch.Tensor weights) => EmbeddingOp.Call(weights, ids);

    /// <summary>Sets the environment libtorch reads while it loads, and makes the shim's library name resolvable. Runs once.</summary>
    internal static void Prepare()
    {
        lock (Gate)
        {
            if (_prepared)
            {
                return;
            }

            _prepared = true;
            if (OperatingSystem.IsLinux())
            {
                KeepBigBlocks();
                ChooseBlasKernels();
                LetThreadsSleep();
                BoundKernelCache();
            }

            NativeLibrary.SetDllImportResolver(typeof(LibTorch).Assembly, Resolve);
        }
    }

    // By default glibc maps every large tensor afresh and gives it back when freed; the page faults then cost more than
    // the arithmetic. One arena, no early trimming and a high mmap threshold keep the blocks for the next tensor.
    private static void KeepBigBlocks()
    {
        _ = mallopt(ArenaMax, 1);
        _ = mallopt(MmapThreshold, int.MaxValue);
        _ = mallopt(TrimThreshold, int.MaxValue);
        _ = mallopt(TopPad, 64 << 20);
    }

    // OpenBLAS 0.3.21 takes AVX2 kernels on newer processors unless told otherwise, and container images often pin it to them
    // (OPENBLAS_CORETYPE=Haswell), which halves the speed of float32. RLT_OPENBLAS_CORETYPE overrides the choice made here.
    // OpenBLAS reads the native environment, which Environment.SetEnvironmentVariable does not reach.
    private static void ChooseBlasKernels()
    {
        string? wanted = Environment.GetEnvironmentVariable("RLT_OPENBLAS_CORETYPE");
        if (wanted is null && Avx512F.IsSupported && Avx512BW.IsSupported && Avx512DQ.IsSupported)
        {
            wanted = "SkylakeX";
        }

        if (wanted is not null)
        {
            _ = setenv("OPENBLAS_CORETYPE", wanted, 1);
        }
    }

    // Between two operators a thread waits a few microseconds at most, and waking a sleeping one takes longer than a small operator:
    // decoding is twice as fast where threads spin. One that spins for long while another process has its core makes everything many
    // times slower (5 times on 2 busy cores), as libgomp's default does. So: spin for about 20 microseconds, then sleep.
    private static void LetThreadsSleep()
    {
        if (Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is null)
        {
            _ = setenv("GOMP_SPINCOUNT", "10000", 0);
        }
    }

    // oneDNN, which computes bfloat16's products, keeps a compiled kernel for each shape that it has met, and packed batches have ever
    // other lengths: 1024 by default, more than a gigabyte. One step meets far fewer. Its name was DNNL before.
    private static void BoundKernelCache()
    {
        _ = setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "128", 0);
        _ = setenv("DNNL_PRIMITIVE_CACHE_CAPACITY", "128", 0);
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != Shim.Library)
        {
            return 0;
        }

        string file = Environment.GetEnvironmentVariable("RLT_TORCH_LIBRARY")
            ?? Path.Combine(AppContext.BaseDirectory, "librlt_torch.so");
        if (!File.Exists(file))
        {
            throw new DllNotFoundException($"'{file}' does not exist: the libtorch binding is not built. Build it: scripts/build-native.sh");
        }

        try
        {
            return NativeLibrary.Load(file);
        }
        catch (DllNotFoundException error)
        {
            string reason = error.Message.Split('\n').FirstOrDefault(line => line.Contains(".so", StringComparison.Ordinal)) ?? error.Message;
            throw new DllNotFoundException(
                $"libtorch cannot be loaded ({reason.Trim()}). Install it (apt-get install libtorch-dev libopenblas0-openmp, "
                + "or pip install torch), then run scripts/build-native.sh", error);
        }
    }

    [LibraryImport("libc", SetLastError = false)]
    private static partial int mallopt(int parameter, int value);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);
}
