using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Rlt.Cli;

/// <summary>Keeps a run's panel at the bottom of the terminal; other lines are written above it.</summary>
/// <remarks>
/// The panel's lines are shorter than the terminal is wide and end in line feeds, so that going up as many lines reaches its first, whatever the
/// terminal is. Where the terminal was made narrower or lower since, what stands there is rolled out of sight, and the panel begins at the top.
/// </remarks>
internal sealed class LiveView : IDisposable
{
    // Rows above the panel in which the newest lines can be read, and the cursor's below it.
    private const int RowsLeft = 4;

    private static readonly TimeSpan Refreshing = TimeSpan.FromMilliseconds(250);

    private readonly Lock _lock = new();
    private readonly TextWriter _writer;
    private readonly Func<(int Width, int Height)> _size;
    private readonly StringWriter _drawing = new();
    private readonly IAnsiConsole _console;
    private readonly RunPanel _panel;
    private (int Width, int Height) _last;
    private int _drawn;
    private bool _changed;
    private bool _isShown;
    private Timer? _timer;
    private PosixSignalRegistration? _continued;

    /// <summary>A view that shows nothing before <see cref="Begin"/>.</summary>
    /// <param name="panel">What is shown.</param>
    /// <param name="writer">The terminal.</param>
    /// <param name="size">Its columns and rows at the moment.</param>
    /// <param name="colors">The colours it has.</param>
    public LiveView(RunPanel panel, TextWriter writer, Func<(int Width, int Height)> size, ColorSystemSupport colors)
    {
        (_panel, _writer, _size) = (panel, writer, size);
        _console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.Yes, ColorSystem = colors, Out = new AnsiConsoleOutput(_drawing) });
    }

    /// <summary>Whether standard error is a terminal on which lines can be rewritten.</summary>
    public static bool IsOnTerminal =>
        !Console.IsErrorRedirected && AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) }).Profile.Capabilities.Ansi;

    /// <summary>A view of a run on standard error; null where that is no terminal for it.</summary>
    public static LiveView? OnTerminal(RunPanel panel) =>
        IsOnTerminal
            ? new LiveView(panel, Console.Error, () => (Console.WindowWidth, Console.WindowHeight), ColorSystemSupport.Detect)
            : null;

    /// <summary>The run begins: its panel appears, and follows what changes, the terminal's size too.</summary>
    public void Begin(int done, int total, string unit)
    {
        _panel.Begin(done, total, unit);
        _isShown = true;
        Draw();
        _timer = new Timer(_ => Refresh(), null, Refreshing, Refreshing);

        // After a stop (Ctrl-Z) other lines stand where the panel was.
        _continued = OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ => Draw(anew: true));
    }

    /// <summary>A step is under way.</summary>
    public void Within(string phase, double share, double tokensPerSecond) => Change(() => _panel.Within(phase, share, tokensPerSecond));

    /// <summary>A step ended.</summary>
    public void Show(JsonObject metrics, double stepSeconds) => Change(() => _panel.Add(metrics, stepSeconds));

    /// <summary>A kind of warning held once more; the panel counts it.</summary>
    public void Warn(string kind, string message, int times) => Change(() => _panel.Warn(kind, message, times));

    /// <summary>A line above the panel.</summary>
    public void Say(string message, bool warning = false) => Draw(above: new Spectre.Console.Text(message, warning ? new Style(Color.Yellow) : Style.Plain));

    /// <summary>Draws the panel where something has changed.</summary>
    public void Refresh()
    {
        if (_changed || _size() != _last)
        {
            Draw();
        }
    }

    /// <summary>Leaves the panel as it stands.</summary>
    public void Dispose()
    {
        _timer?.Dispose();
        _continued?.Dispose();
        if (_isShown)
        {
            _panel.End();
            Draw();
            (_isShown, _drawn) = (false, 0);
        }
    }

    private void Change(Action change)
    {
        lock (_lock)
        {
            change();
            _changed = true;
        }
    }

    private void Draw(IRenderable? above = null, bool anew = false)
    {
        lock (_lock)
        {
            (int width, int height) = _size();
            var text = new StringBuilder();
            if (_drawn > 0 && !anew)
            {
                bool fits = width >= _last.Width && height > _drawn;
                text.Append(fits ? $"\r\e[{_drawn}A\e[J" : $"\e[{height};1H{new string('\n', height)}\e[H\e[J");
            }

            (_last, _changed) = ((width, height), false);
            if (above is not null)
            {
                text.Append(Rendered(above, width));
            }

            string panel = _isShown ? Rendered(_panel.Render(width - 1, height - RowsLeft), width) : "";
            _drawn = panel.Count(symbol => symbol == '\n');
            _writer.Write(text.Append(panel).ToString());
            _writer.Flush();
        }
    }

    private string Rendered(IRenderable content, int width)
    {
        _drawing.GetStringBuilder().Clear();
        _console.Profile.Width = width;
        _console.Write(content);
        string text = _drawing.ToString();
        return text.EndsWith('\n') ? text : text + "\n";
    }
}
