using System.Diagnostics;
using System.Reflection;
using Xunit.Sdk;

namespace Rlt.Tests.Distributed;

/// <summary>A test's row for an MPI: "openmpi" or "mpich", and a number of ranks. It is skipped where that MPI is not installed.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class MpiDataAttribute : DataAttribute
{
    private readonly object[] _row;

    public MpiDataAttribute(string mpi, params object[] rest)
    {
        _row = [mpi, .. rest];
        Skip = Mpirun.IsThere(mpi) || Mpirun.IsRequired(mpi) ? null : $"{Mpirun.Name(mpi)} is not there: apt-get install {(mpi == "mpich" ? "mpich" : "openmpi-bin")}";
    }

    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [_row];
}

/// <summary>Starts processes as ranks, by the mpirun of an MPI.</summary>
internal static class Mpirun
{
    private static readonly TimeSpan AtMost = TimeSpan.FromMinutes(3);

    public static string Name(string mpi) => $"mpirun.{mpi}";

    public static bool IsThere(string mpi) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, Name(mpi))));

    /// <summary>Whether the tests fail without it: RLT_REQUIRE_MPI names it.</summary>
    public static bool IsRequired(string mpi) => Environment.GetEnvironmentVariable("RLT_REQUIRE_MPI") == mpi;

    /// <summary>Runs a program of the build's folder on several ranks, and returns its exit code and what it said.</summary>
    public static (int Exit, string Output, string Errors) Run(string mpi, int ranks, string program, params string[] arguments)
    {
        using Process process = Start(mpi, ranks, program, arguments);
        return Ended(process);
    }

    /// <summary>Starts it.</summary>
    public static Process Start(string mpi, int ranks, string program, params string[] arguments)
    {
        string[] own = mpi == "openmpi" ? ["--allow-run-as-root", "--oversubscribe", "--bind-to", "none"] : [];
        return Start(Name(mpi), [.. own, "-n", $"{ranks}", Environment.ProcessPath!, Path.Combine(AppContext.BaseDirectory, program), .. arguments]);
    }

    /// <summary>Starts any command.</summary>
    public static Process Start(string command, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        (start.Environment["OMP_NUM_THREADS"], start.Environment["TERM"]) = ("1", "dumb");
        return Process.Start(start)!;
    }

    /// <summary>Waits for its end.</summary>
    public static (int Exit, string Output, string Errors) Ended(Process process)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(AtMost))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"still running after {AtMost}: {output.Result}{errors.Result}");
        }

        return (process.ExitCode, output.Result, errors.Result);
    }
}
