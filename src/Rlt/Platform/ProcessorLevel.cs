using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Rlt.Platform;

/// <summary>
/// Which of a processor's instructions the kernels use. The environment variable RLT_CPU lowers it for tests: avx2, avx512, avx512bf16, amx, or plain,
/// which leaves all to libtorch's operators.
/// </summary>
public static partial class ProcessorLevel
{
    /// <summary>The variable's name.</summary>
    public const string Variable = "RLT_CPU";

    private static readonly string[] Names = ["plain", "avx2", "avx512", "avx512bf16", "amx"];

    /// <summary>The level in use: a name of the kernel library, or plain.</summary>
    /// <exception cref="ConfigException">The variable names no level, or one that this processor does not have.</exception>
    public static string Current => Wanted is not { Length: > 0 } wanted ? Fastest
        : Array.IndexOf(Names, wanted) is var place && place < 0 ? throw new ConfigException($"{Variable} is '{wanted}'; expected one of {string.Join(", ", Names)}")
        : place <= Array.IndexOf(Names, Highest) ? wanted
        : throw new ConfigException($"{Variable} is {wanted}, which this processor does not have; expected {Highest} or a lower one");

    /// <summary>Whether the kernels in use multiply bf16 without widening it to float32.</summary>
    public static bool MultipliesBf16 => Current is "avx512bf16" or "amx";

    /// <summary>Whether the processor has instructions for bf16 at all, which libtorch then uses.</summary>
    public static bool HasBf16 => Highest is "avx512bf16" or "amx";

    /// <summary>The processor's own.</summary>
    // Of AVX512-BF16 and AMX .NET tells nothing: CPUID leaf 7, subleaf 1, EAX bit 5; and subleaf 0, EDX bits 22 (bf16) and 24 (tiles).
    public static string Highest { get; } =
        !(Avx2.IsSupported && Fma.IsSupported) ? "plain"
        : !(Avx512F.IsSupported && Avx512BW.IsSupported && Avx512CD.IsSupported && Avx512DQ.IsSupported && Avx512F.VL.IsSupported) ? "avx2"
        : X86Base.CpuId(7, 0).Eax < 1 || (X86Base.CpuId(7, 1).Eax >> 5 & 1) == 0 ? "avx512"
        : (X86Base.CpuId(7, 0).Edx & Tiles) == Tiles && MayUseTiles() ? "amx" : "avx512bf16";

    private const int Tiles = 1 << 22 | 1 << 24;

    // Intel's instruction for pairs of bf16 takes four times as long as that for float32 and does twice as much.
    private static string Fastest { get; } = Highest == "avx512bf16" && X86Base.CpuId(0, 0).Ebx == IntelVendor ? "avx512" : Highest;

    private const int IntelVendor = 0x756E6547;  // "Genu" of GenuineIntel

    private static string? Wanted => Environment.GetEnvironmentVariable(Variable);

    /// <summary>Keeps libtorch, oneDNN and MKL to a level that the variable has lowered; before they are loaded.</summary>
    internal static void CapLibraries()
    {
        (string Aten, string OneDnn, string Mkl)? caps = Wanted switch
        {
            "avx2" => ("avx2", "AVX2", "AVX2"),
            "avx512" => ("avx512", "AVX512_CORE_VNNI", "AVX512"),
            "avx512bf16" => ("avx512", "AVX512_CORE_BF16", "AVX512"),
            _ => null,
        };
        if (caps is { } cap)
        {
            NativeLibraries.SetVariable("ATEN_CPU_CAPABILITY", cap.Aten, replace: true);
            NativeLibraries.SetVariable("ONEDNN_MAX_CPU_ISA", cap.OneDnn, replace: true);
            NativeLibraries.SetVariable("MKL_ENABLE_INSTRUCTIONS", cap.Mkl, replace: true);
        }
    }

    // Linux lets a process use tiles once it has asked: arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA).
    private static bool MayUseTiles() => OperatingSystem.IsLinux() && syscall(158, 0x1023, 18) == 0;

    [LibraryImport("libc")]
    private static partial long syscall(long number, long first, long second);
}
