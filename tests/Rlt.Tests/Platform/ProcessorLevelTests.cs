using System.Diagnostics;
using Rlt.Platform;

namespace Rlt.Tests.Platform;

/// <summary>The level of a processor can be lowered, never raised; the levels' numbers agree.</summary>
public sealed class ProcessorLevelTests
{
    [Theory]
    [InlineData("sse2", 2, "rlt: RLT_CPU is 'sse2'; expected one of plain, avx2, avx512, avx512bf16, amx")]
    [InlineData("plain", 0, "libtorch's operators")]
    public void Doctor_LevelOfTheEnvironment_IsUsedOrRefused(string level, int exitCode, string expected)
    {
        (int code, string output) = Doctor(level);
        Assert.Contains(expected, output, StringComparison.Ordinal);
        Assert.Equal(exitCode, code);
    }

    [Fact]
    public void Doctor_EveryLevelOfThisProcessor_HasRightNumbers()
    {
        string[] levels = ["avx2", "avx512", "avx512bf16", "amx"];
        foreach (string level in levels.Take(Array.IndexOf(levels, ProcessorLevel.Highest) + 1))
        {
            (int code, string output) = Doctor(level);
            Assert.True(code == 0, output);
            Assert.Contains(KernelsAreBuilt ? $"({level})" : "libtorch's operators", output, StringComparison.Ordinal);
        }
    }

    private static bool KernelsAreBuilt => File.Exists(Path.Combine(AppContext.BaseDirectory, "librlt_kernels_avx2.so"));

    private static (int Code, string Output) Doctor(string level)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "rlt.dll"), "doctor"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[ProcessorLevel.Variable] = level;
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }
}
