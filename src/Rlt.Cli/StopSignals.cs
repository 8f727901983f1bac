using System.Diagnostics;
using System.Runtime.InteropServices;
using Rlt.Evaluation;
using Rlt.Platform;
using Rlt.Runs;
using Rlt.Teaching.Collection;

namespace Rlt.Cli;

/// <summary>
/// What Ctrl-C, SIGTERM, and SIGUSR1 (which batch systems send before a job's end) do: a run's step is finished and saved; anything else, and a run at the
/// second signal, ends at once.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    /// <summary>The exit code of what was stopped.</summary>
    public const int ExitCode = 130;

    private const string AfterStep = "stopping after this step; once more to stop at once";

    // A terminal, timeout and rlt run each tell the whole group and its members: that is one signal.
    private static readonly TimeSpan SameSignal = TimeSpan.FromSeconds(0.3);

    private static volatile Func<string>? _kept;
    private static volatile string _stopping = AfterStep;
    private static volatile Action<string>? _say;

    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _registrations;
    private long _first;

    /// <summary>Listens until it is disposed.</summary>
    public StopSignals() =>
        _registrations = [.. new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT, (PosixSignal)ProcessEnd.UserSignal }
            .Select(signal => PosixSignalRegistration.Create(signal, Received))];

    /// <summary>Is cancelled at the first signal of a run.</summary>
    public CancellationToken Token => _stop.Token;

    /// <summary>From here on there is something to save: the command's run.</summary>
    public static void Saves(RunFolder folder) => _kept = () => Kept(folder);

    /// <summary>From here on there is something to wait for.</summary>
    /// <param name="kept">What is kept where it is not waited for.</param>
    /// <param name="stopping">What is said at the first signal.</param>
    public static void Saves(Func<string> kept, string stopping = AfterStep) => (_kept, _stopping) = (kept, stopping);

    /// <summary>From here on what is shown on the terminal takes the lines; null: standard error does.</summary>
    public static void SayBy(Action<string>? say) => _say = say;

    /// <inheritdoc/>
    public void Dispose()
    {
        (_kept, _stopping) = (null, AfterStep);
        Array.ForEach(_registrations, registration => registration.Dispose());
        _stop.Dispose();
    }

    private void Received(PosixSignalContext context)
    {
        context.Cancel = true;
        if (_kept is not null && !_stop.IsCancellationRequested)
        {
            (_say ?? WriteLine)(_stopping);
            _first = Stopwatch.GetTimestamp();
            _stop.Cancel();
            return;
        }

        if (_kept is not null && Stopwatch.GetElapsedTime(_first) < SameSignal)
        {
            return;
        }

        // The process's own end would wait for what computes.
        WriteLine(_kept is { } kept ? $"rlt: stopped at once; {kept()}" : "rlt: stopped");
        ProcessEnd.Now(ExitCode);
    }

    // The terminal may have written ^C where the cursor stands.
    private static void WriteLine(string message) => Console.Error.WriteLine("\n" + message);

    private static string Kept(RunFolder folder)
    {
        string[] rows = [.. new[] { Evaluator.FileName, TraceCollector.FileName }.Select(name => Path.Combine(folder.Path, name)).Where(File.Exists)];
        return folder.IsFinished ? $"the finished model is in {folder.Model}"
            : rows.Length > 0 ? $"kept is what {rows[0]} has; the same command goes on after it"
            : folder.CheckpointSteps() is [.., var last]
                ? $"kept is the checkpoint after step {last} ({folder.Checkpoint(last)}); the same command goes on after it"
            : $"no step of {folder.Path} is saved yet; the same command begins anew";
    }
}
