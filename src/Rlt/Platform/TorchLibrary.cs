using static TorchSharp.torch;

namespace Rlt.Platform;

/// <summary>
/// The only place where the two builds of the tensor layer differ: what TorchSharp.Lite can tell and do on the machine's own libtorch, and
/// what stands in for it with the TorchSharp packages.
/// </summary>
public static class TorchLibrary
{
#if TORCHSHARP_PACKAGES
    /// <summary>libtorch's version.</summary>
    public static string Version => __version__;

    /// <summary>What multiplies matrices on the CPU.</summary>
    public static string Blas => "the package's own (the TorchSharp packages do not name it)";

    /// <summary>Whether the CPU has the fused kernels of <see cref="CpuKernels"/>.</summary>
    public static bool HasCpuKernels => false;

    /// <summary>How to get a libtorch that sees CUDA devices.</summary>
    public static string CudaHint => "build with -p:Packages=nuget -p:Cuda=true";

    /// <summary>A warning about a BLAS that makes everything many times slower; null when all is well.</summary>
    public static string? BlasWarning() => null;

    /// <summary>Bytes a CUDA device had allocated at its peak; the TorchSharp packages do not tell, so 0.</summary>
    public static long CudaPeakBytes(int device) => 0;

    /// <summary>Rows of a table [V, D] by id: [..., D].</summary>
    /// <remarks>TorchSharp has no functional embedding. On CUDA this gradient's sums may differ in the last bits from run to run.</remarks>
    public static Tensor Embedding(Tensor ids, Tensor weights_VD) =>
        weights_VD.index_select(0, ids.flatten()).view([.. ids.shape, weights_VD.shape[1]]);
#else
    /// <summary>libtorch's version.</summary>
    public static string Version => TorchSharp.LibTorch.Version;

    /// <summary>What multiplies matrices on the CPU.</summary>
    public static string Blas => TorchSharp.LibTorch.HasMkl ? "MKL" : TorchSharp.LibTorch.OpenBlasCore is { } core ? $"OpenBLAS ({core})" : "unknown";

    /// <summary>Whether the CPU has the fused kernels of <see cref="CpuKernels"/>.</summary>
    public static bool HasCpuKernels => true;

    /// <summary>How to get a libtorch that sees CUDA devices.</summary>
    public static string CudaHint => "build against a CUDA libtorch (scripts/build-native.sh)";

    /// <summary>A warning about a BLAS that makes everything many times slower; null when all is well.</summary>
    public static string? BlasWarning() => TorchSharp.LibTorch.BlasWarning();

    /// <summary>Bytes a CUDA device had allocated at its peak.</summary>
    public static long CudaPeakBytes(int device) => TorchSharp.LibTorch.CudaMemory(device).Peak;

    /// <summary>Rows of a table [V, D] by id: [..., D].</summary>
    public static Tensor Embedding(Tensor ids, Tensor weights_VD) => TorchSharp.LibTorch.Embedding(ids, weights_VD);
#endif
}
