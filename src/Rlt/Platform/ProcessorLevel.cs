using System.Runtime.Intrinsics.X86;

namespace Rlt.Platform;

/// <summary>
/// Which of a processor's instructions the kernels use. The environment variable RLT_CPU lowers it for tests: avx2, avx512, avx512bf16, or plain, which
/// leaves all to libtorch's operators.
/// </summary>
public static class ProcessorLevel
{
    /// <summary>The variable's name.</summary>
    public const string Variable = "RLT_CPU";

    private static readonly string[] Names = ["plain", "avx2", "avx512", "avx512bf16"];

    /// <summary>The level in use: a name of the kernel library, or plain.</summary>
    /// <exception cref="ConfigException">The variable names no level, or one that this processor does not have.</exception>
    public static string Current => Wanted is not { Length: > 0 } wanted ? Highest
        : Array.IndexOf(Names, wanted) is var place && place < 0 ? throw new ConfigException($"{Variable} is '{wanted}'; expected one of {string.Join(", ", Names)}")
        : place <= Array.IndexOf(Names, Highest) ? wanted
        : throw new ConfigException($"{Variable} is {wanted}, which this processor does not have; expected {Highest} or a lower one");

    /// <summary>The processor's own.</summary>
    // AVX512-BF16, of which .NET tells nothing: CPUID leaf 7, subleaf 1, EAX bit 5.
    public static string Highest { get; } =
        !(Avx2.IsSupported && Fma.IsSupported) ? "plain"
        : !(Avx512F.IsSupported && Avx512BW.IsSupported && Avx512CD.IsSupported && Avx512DQ.IsSupported && Avx512F.VL.IsSupported) ? "avx2"
        : X86Base.CpuId(7, 0).Eax >= 1 && (X86Base.CpuId(7, 1).Eax >> 5 & 1) != 0 ? "avx512bf16" : "avx512";

    private static string? Wanted => Environment.GetEnvironmentVariable(Variable);

    /// <summary>Keeps libtorch, oneDNN and MKL to a level that the variable has lowered; before they are loaded.</summary>
    internal static void CapLibraries()
    {
        (string Aten, string OneDnn, string Mkl)? caps = Wanted switch
        {
            "avx2" => ("avx2", "AVX2", "AVX2"),
            "avx512" => ("avx512", "AVX512_CORE_VNNI", "AVX512"),
            _ => null,
        };
        if (caps is { } cap)
        {
            NativeLibraries.SetVariable("ATEN_CPU_CAPABILITY", cap.Aten, replace: true);
            NativeLibraries.SetVariable("ONEDNN_MAX_CPU_ISA", cap.OneDnn, replace: true);
            NativeLibraries.SetVariable("MKL_ENABLE_INSTRUCTIONS", cap.Mkl, replace: true);
        }
    }
}
