using System.Text.Json.Nodes;
using Spectre.Console;

namespace Rlt.Cli;

/// <summary>Keeps a run's panel at the bottom of the terminal; other lines are written above it.</summary>
internal sealed class LiveView : IDisposable
{
    private readonly IAnsiConsole _console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly RunPanel _panel;
    private LiveDisplayContext? _display;
    private Task? _running;

    /// <summary>A view that shows nothing before <see cref="Begin"/>.</summary>
    public LiveView(string name, string[] shown) => _panel = new RunPanel(name, shown);

    /// <summary>The run begins: its panel appears.</summary>
    public void Begin(int total, string unit)
    {
        (_panel.Total, _panel.Unit) = (total, unit);
        _running = _console.Live(_panel.Render()).Overflow(VerticalOverflow.Ellipsis).StartAsync(display =>
        {
            _display = display;
            display.Refresh();
            return _ended.Task;
        });
    }

    /// <summary>A step ended.</summary>
    public void Show(JsonObject metrics, double stepSeconds)
    {
        _panel.Add(metrics, stepSeconds);
        Refresh();
    }

    /// <summary>A warning, which stays in the panel until newer ones take its place.</summary>
    public void Warn(string message)
    {
        _panel.Warn(message);
        if (_display is null)
        {
            Say($"warning: {message}");
        }

        Refresh();
    }

    /// <summary>A line above the panel.</summary>
    public void Say(string message) => _console.WriteLine(message);

    /// <summary>Leaves the panel as it stands.</summary>
    public void Dispose()
    {
        _ended.TrySetResult();
        _running?.GetAwaiter().GetResult();
        _display = null;
    }

    private void Refresh() => _display?.UpdateTarget(_panel.Render());
}
