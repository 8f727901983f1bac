using System.Diagnostics;
using Rlt.Configuration.Pipelines;
using Rlt.Platform;

namespace Rlt.Cli.Pipelines;

/// <summary>A stage that runs as a command in a process of its own.</summary>
internal sealed class StageProcess : IDisposable
{
    private readonly Process _process;

    private StageProcess(PipelineStage stage, Process process) => (Stage, _process) = (stage, process);

    /// <summary>The stage.</summary>
    public PipelineStage Stage { get; }

    /// <summary>Seconds since it was started.</summary>
    public Stopwatch Clock { get; } = Stopwatch.StartNew();

    /// <summary>Starts it. What it prints on standard output is in its run's files, too, and is not shown.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="hasTerminal">Whether it has the terminal for itself; else its lines are labelled with its name.</param>
    public static StageProcess Start(PipelineStage stage, bool hasTerminal)
    {
        string[] line = [.. SameCommand.Process, .. stage.Arguments];
        var process = new Process
        {
            StartInfo = new ProcessStartInfo(line[0], line[1..]) { RedirectStandardOutput = true, RedirectStandardError = !hasTerminal },
        };
        process.ErrorDataReceived += (_, text) =>
        {
            if (text.Data is { } said)
            {
                Console.Error.WriteLine($"[{stage.Name}] {said}");
            }
        };
        process.Start();
        process.BeginOutputReadLine();
        if (!hasTerminal)
        {
            process.BeginErrorReadLine();
        }

        return new StageProcess(stage, process);
    }

    /// <summary>Waits for its end, all lines written.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> Ended()
    {
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    /// <summary>Has it save and end.</summary>
    public void Stop() => ProcessEnd.Ask(_process.Id);

    /// <inheritdoc/>
    public void Dispose() => _process.Dispose();
}
