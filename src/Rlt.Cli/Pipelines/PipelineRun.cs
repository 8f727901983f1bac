using System.Diagnostics;
using Rlt.Configuration.Pipelines;

namespace Rlt.Cli.Pipelines;

/// <summary>Runs the stages of a pipeline, side by side where they need nothing of each other, and leaves out those that are done.</summary>
internal sealed class PipelineRun(PipelineConfig config, IReadOnlyList<PipelineStage> stages)
{
    private readonly List<PipelineStage> _waiting = [.. stages];
    private readonly Dictionary<Task<int>, StageProcess> _running = [];
    private readonly HashSet<string> _done = [];
    private readonly OrderedDictionary<string, string> _told = [];
    private (PipelineStage Stage, int Exit)? _failed;

    /// <summary>Runs them. After a failure or a stop no stage begins, and those under way are waited for.</summary>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="RltException">A stage failed.</exception>
    public async Task Run(CancellationToken stop)
    {
        var clock = Stopwatch.StartNew();
        await using CancellationTokenRegistration stopping = stop.Register(() => _running.Values.ToList().ForEach(stage => stage.Stop()));
        while (true)
        {
            while (_failed is null && !stop.IsCancellationRequested && _running.Count < config.Jobs && Next() is { } stage)
            {
                Begin(stage);
            }

            if (_running.Count == 0)
            {
                break;
            }

            End(await Task.WhenAny(_running.Keys));
        }

        stop.ThrowIfCancellationRequested();
        if (_failed is var (failed, exit))
        {
            string message = $"stage '{failed.Name}' ended with exit code {exit}; what was wrong is said above. The same command goes on after what is done.";
            throw exit switch
            {
                StopSignals.ExitCode => new OperationCanceledException(),
                2 => new ConfigException(message),
                _ => new RunFailedException(message),
            };
        }

        string told = string.Join(", ", _told.Select(stage => $"{stage.Key} {stage.Value}"));
        Console.Error.WriteLine($"run: done in {Shown.Duration(clock.Elapsed.TotalSeconds)}; {told}; {config.Out}");
    }

    private PipelineStage? Next() => _waiting.FirstOrDefault(IsReady);

    private bool IsReady(PipelineStage stage) => stage.After.All(_done.Contains);

    private void Begin(PipelineStage stage)
    {
        _waiting.Remove(stage);
        if (StageState.IsDone(stage, Console.Error.WriteLine))
        {
            Console.Error.WriteLine($"{stage.Name}: was done before");
            _told[stage.Name] = "was done before";
            _done.Add(stage.Name);
            return;
        }

        StageState.Begin(stage);
        Console.Error.WriteLine($"{stage.Name}: {SameCommand.Line(stage.Arguments)}");

        // What the others wait for has the terminal for itself.
        bool isAlone = _running.Count == 0 && (config.Jobs == 1 || !_waiting.Any(IsReady));
        var process = StageProcess.Start(stage, isAlone);
        _running[process.Ended()] = process;
    }

    private void End(Task<int> ended)
    {
        _running.Remove(ended, out StageProcess? process);
        using (process)
        {
            _told[process!.Stage.Name] = Shown.Duration(process.Clock.Elapsed.TotalSeconds);
            if (ended.Result == 0)
            {
                _done.Add(process.Stage.Name);
            }
            else
            {
                _failed ??= (process.Stage, ended.Result);
            }
        }
    }
}
