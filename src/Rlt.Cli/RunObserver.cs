using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Files;
using Rlt.Models;
using Rlt.Runs;
using Rlt.Teaching;
using Rlt.Training;
using Serilog;
using Serilog.Core;

namespace Rlt.Cli;

/// <summary>Shows a run: a live view on a terminal, plain lines elsewhere, and always the log file.</summary>
internal sealed class RunObserver : IRunObserver, IDisposable
{
    // Of a step after which held-out rows were measured: its line is not left out.
    private const string MeasuredNow = "seconds_validation";

    private readonly string _name;
    private readonly string _folder;
    private readonly string[] _shown;
    private readonly Logger _log;
    private readonly LiveView? _view;
    private readonly Stopwatch _clock = new();
    private readonly Dictionary<string, int> _warned = [];
    private int _first;
    private int _total;

    /// <summary>An observer of a named run that shows some of its metrics.</summary>
    public RunObserver(string name, RunFolder folder, params string[] shown)
    {
        (_name, _shown) = (name, shown);
        var sinks = new LoggerConfiguration();
        _log = (!WritingProcess.IsThis ? sinks : sinks.WriteTo.File(
            folder.Log, outputTemplate: "{Timestamp:yyyy-MM-dd HH:mm:ss} {Level:u3} {Message:lj}{NewLine}",
            formatProvider: CultureInfo.InvariantCulture)).CreateLogger();
        _view = LiveView.OnTerminal(new RunPanel(name, shown));
        StopSignals.SayBy(_view is null ? null : Said);
        _folder = folder.Path;
        foreach (string said in folder.Notes.Said)
        {
            Said(said);
        }

        WarnedOf(folder.Notes.Warnings);
    }

    /// <summary>What a run's metrics count as their steps.</summary>
    public string Unit { get; init; } = "step";

    /// <inheritdoc/>
    public void Started(int done, int total)
    {
        (_first, _total) = (done, total);
        _clock.Start();
        _view?.Begin(done, total, Unit);
        Said(RunLog.Began(_name, Unit, done, total));
    }

    /// <inheritdoc/>
    public void Within(string phase, double share, double tokensPerSecond) => _view?.Within(phase, share, tokensPerSecond);

    /// <summary>Follows a phase that begins now.</summary>
    public WorkProgress During(string phase)
    {
        var clock = Stopwatch.StartNew();
        return (share, tokens) => Within(phase, share, tokens / Math.Max(1e-3, clock.Elapsed.TotalSeconds));
    }

    /// <inheritdoc/>
    public void Stepped(JsonObject metrics)
    {
        int step = metrics["step"]!.GetValue<int>();
        double seconds = _clock.Elapsed.TotalSeconds / Math.Max(1, step - _first);
        string values = string.Join("  ", _shown.Where(metrics.ContainsKey).Select(key => $"{key} {Shown.Number(Metrics.Number(metrics[key]!))}"));
        string line = $"{Unit} {step}/{_total}  {values}  {Shown.Number(seconds)} s/{Unit}  {Shown.Duration(seconds * (_total - step))} left";
        _log.Information("{Line}", line);
        if (_view is not null)
        {
            _view.Show(metrics, seconds);
        }
        else if (metrics.ContainsKey(MeasuredNow) || step == _total || step == _first + 1 || step % Math.Max(1, _total / 20) == 0)
        {
            Console.Error.WriteLine(line);
        }
    }

    /// <inheritdoc/>
    public void Warned(string message)
    {
        // The kind of a warning is said with the numbers of its first, 10th, 100th … time.
        string kind = message.Split(':')[0];
        int times = _warned[kind] = _warned.GetValueOrDefault(kind) + 1;
        _view?.Warn(kind, message, times);
        if (IsPowerOfTen(times))
        {
            message = times == 1 ? message : $"{message} ({times} times so far)";
            _log.Warning("{Message}", message);
            Show($"warning: {message}", warning: true);
        }
    }

    /// <summary>Tells of rows that were left out, if there are any.</summary>
    public void WarnedOf<T>(UsableRows<T> data)
    {
        if (data.Warning is { } warning)
        {
            Warned(warning);
        }
    }

    /// <summary>Tells of several things that the user should know.</summary>
    public void WarnedOf(IEnumerable<string> messages)
    {
        foreach (string message in messages)
        {
            Warned(message);
        }
    }

    /// <summary>Tells where a teacher's settings come from, and in what they are others than its training's.</summary>
    public void Said(TeacherSettings settings)
    {
        if (settings.Said is { } said)
        {
            Said(said);
        }

        WarnedOf(settings.Warnings);
    }

    /// <summary>The run ended well.</summary>
    public void Finished(string result)
    {
        _view?.Dispose();
        RunRecord.End(_folder);
        Said($"{_name}: done in {Shown.Duration(_clock.Elapsed.TotalSeconds)}; {result}");
    }

    private static bool IsPowerOfTen(int times)
    {
        while (times % 10 == 0)
        {
            times /= 10;
        }

        return times == 1;
    }

    /// <summary>Something about the run, for the terminal and the log.</summary>
    public void Said(string message)
    {
        _log.Information("{Message}", message);
        Show(message);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        StopSignals.SayBy(null);
        _view?.Dispose();
        _log.Dispose();
    }

    private void Show(string message, bool warning = false)
    {
        if (_view is not null)
        {
            _view.Say(message, warning);
        }
        else
        {
            Console.Error.WriteLine(message);
        }
    }
}
