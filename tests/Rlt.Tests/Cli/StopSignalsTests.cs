using System.Diagnostics;
using Rlt.Cli;

namespace Rlt.Tests.Cli;

/// <summary>Ctrl-C and SIGTERM, sent to commands in processes of their own.</summary>
public sealed class StopSignalsTests : IDisposable
{
    private const int Prompt = 10;

    private readonly CommandLine _rlt = new();

    public void Dispose() => _rlt.Dispose();

    /// <summary>A command without a run has nothing to save, and ends while it computes.</summary>
    [Theory]
    [InlineData("-INT")]
    [InlineData("-TERM")]
    public void Bench_OneSignal_EndsAtOnce(string signal)
    {
        using Process process = Start("bench", "--model", _rlt["model"], "--parts", "prefill", "--prompt", "200", "--new", "5", "--tokens", "200", "--reps", "1000000");
        Thread.Sleep(4000);
        Assert.False(process.HasExited);
        var clock = Stopwatch.StartNew();
        Send(signal, process);
        Assert.True(process.WaitForExit(60_000));
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, Prompt);
        Assert.Equal((130, "\nrlt: stopped\n"), (process.ExitCode, process.StandardError.ReadToEnd()));
    }

    [Fact]
    public void TrainTeacher_TwoSignals_SayWhatIsKept()
    {
        // One step takes minutes: the first signal is waiting for it when the second one comes.
        using Process process = Start(
            "train-teacher", "--config", _rlt["teacher.yaml"], "--set", "group_size=200000", "--set", "save_every=1", "--set", "steps=9");
        string? line;
        while ((line = process.StandardError.ReadLine()) is not null && !line.StartsWith("train-teacher: 9 steps", StringComparison.Ordinal))
        {
            Assert.DoesNotContain("rlt: ", line, StringComparison.Ordinal);
        }

        Send("-INT", process);
        while ((line = process.StandardError.ReadLine()) is not null && !line.StartsWith("stopping after this step", StringComparison.Ordinal))
        {
            Assert.DoesNotContain("rlt: ", line, StringComparison.Ordinal);
        }

        Thread.Sleep(500);
        Send("-INT", process);
        Assert.True(process.WaitForExit(60_000));
        Assert.Equal(130, process.ExitCode);
        Assert.Contains($"rlt: stopped at once; no step of {_rlt["run"]} is saved yet; the same command begins anew\n", process.StandardError.ReadToEnd(), StringComparison.Ordinal);
    }

    private static Process Start(params string[] arguments) => Process.Start(
        new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location, .. arguments]) { RedirectStandardError = true, RedirectStandardOutput = true })!;

    private static void Send(string signal, Process process)
    {
        using Process kill = Process.Start("kill", [signal, $"{process.Id}"]);
        kill.WaitForExit();
    }
}
