using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Rlt.Platform;

/// <summary>libtorch in this process: whether it loads, and what it is.</summary>
public static class TorchLibrary
{
    /// <summary>libtorch's version.</summary>
    public static string Version => __version__;

    /// <summary>What multiplies matrices on the CPU.</summary>
    public static string Products => HasCpuKernels ? $"rlt's kernels ({ProcessorLevel.Current})" : "libtorch's operators (MKL, oneDNN)";

    /// <summary>What the last digits of a run's numbers depend on, beside its config.</summary>
    public static string Computing => $"libtorch {Version}, {Products}";

    /// <summary>Whether the CPU has the fused kernels of <see cref="CpuKernels"/>.</summary>
    public static bool HasCpuKernels => KernelLibrary.IsThere;

    /// <summary>How to get a libtorch that sees CUDA devices.</summary>
    public static string CudaHint => "build with CUDA: scripts/build.sh -p:Cuda=true";

    /// <summary>What makes everything slower on this machine, and what to do; null when all is well.</summary>
    public static string? Warning() => HasCpuKernels || cuda.is_available() ? null
        : ProcessorLevel.Current == "plain"
            ? "rlt's kernels are not used (this processor has no AVX2, or RLT_CPU=plain): libtorch's operators do the same, several times slower"
        : "rlt's kernels are not built: libtorch's operators do the same, several times slower. Install a C++ compiler (apt-get install g++) and run scripts/build.sh";

    /// <summary>Loads libtorch, unless it is loaded.</summary>
    /// <exception cref="DllNotFoundException">It cannot be loaded, and why.</exception>
    /// <exception cref="ConfigException">The processor level that the environment asks for is not to be had.</exception>
    public static void Load()
    {
        _ = ProcessorLevel.Current;

        // TorchSharp, where it does not find its libraries, copies whole packages about and blames a missing one.
        if (!NativeLibrary.TryLoad("LibTorchSharp", typeof(TorchSharp.torch).Assembly, null, out _))
        {
            throw new DllNotFoundException(
                $"libtorch cannot be loaded: libLibTorchSharp.so, libtorch_cpu.so and libc10.so must lie in {AppContext.BaseDirectory}. Build again: scripts/build.sh");
        }
    }

    /// <summary>libtorch's own words for an error, without the C++ stack trace that follows them.</summary>
    public static string Cause(ExternalException error)
    {
        int trace = error.Message.IndexOf("\nException raised from", StringComparison.Ordinal);
        return trace < 0 ? error.Message : error.Message[..trace];
    }

    /// <summary>Rows of a table [V, D] by id [N]: [N, D].</summary>
    public static Tensor Embedding(Tensor ids_N, Tensor weights_VD) => weights_VD.index_select(0, ids_N);
}
