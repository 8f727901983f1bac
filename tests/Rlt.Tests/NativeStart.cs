using System.Runtime.CompilerServices;
using Rlt.Cli;
using Rlt.Platform;

namespace Rlt.Tests;

/// <summary>Tests use TorchSharp before they touch the product: the process is prepared for it first.</summary>
internal static class NativeStart
{
#pragma warning disable CA2255 // What the attribute is for.
    [ModuleInitializer]
    internal static void Load()
    {
        TorchLibrary.Load();

        // Tests ask no Hub but their own.
        Environment.SetEnvironmentVariable("HF_HUB_OFFLINE", "1");

        // Said here, so that no command of a test says it.
        Startup.WarnOnce();
    }
#pragma warning restore CA2255
}

/// <summary>A test of the kernels themselves; skipped where they are not built or not used.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class KernelTheoryAttribute : TheoryAttribute
{
    public KernelTheoryAttribute() => Skip = Absent;

    /// <summary>Why such a test cannot run; null where it can.</summary>
    internal static string? Absent => TorchLibrary.HasCpuKernels ? null : "the kernels are not built, or RLT_CPU is plain";
}

/// <inheritdoc cref="KernelTheoryAttribute"/>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class KernelFactAttribute : FactAttribute
{
    public KernelFactAttribute() => Skip = KernelTheoryAttribute.Absent;
}
