using System.Globalization;
using System.Text.Json.Nodes;
using Rlt.Runs;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Rlt.Cli;

/// <summary>What the live view shows of a run, put together from its metrics; draws nothing itself.</summary>
internal sealed class RunPanel(string name, string[] shown)
{
    private const int LongestSpark = 40;
    private const int ValueWidth = 10;

    private static readonly Style Plain = Style.Plain, Bold = new(decoration: Decoration.Bold), Blue = new(Color.Blue), Yellow = new(Color.Yellow);

    private readonly int _labelWidth = Math.Max("tokens/s".Length, shown.Max(key => key.Length));
    private readonly OrderedDictionary<string, List<double>> _history = [];
    private readonly OrderedDictionary<string, (string Message, int Times)> _warnings = [];
    private JsonObject _last = [];
    private string _unit = "step";
    private int _done;
    private int _total;
    private double _stepSeconds;
    private bool _isOver;
    private (string Phase, double Share, double TokensPerSecond)? _within;

    /// <summary>The run begins.</summary>
    /// <param name="done">Steps done before.</param>
    /// <param name="total">Steps of the whole run.</param>
    /// <param name="unit">What the steps are: of evaluations, questions.</param>
    public void Begin(int done, int total, string unit) => (_done, _total, _unit) = (done, total, unit);

    /// <summary>The run is over.</summary>
    public void End() => _isOver = true;

    /// <summary>A step is under way.</summary>
    public void Within(string phase, double share, double tokensPerSecond) => _within = (phase, share, tokensPerSecond);

    /// <summary>Takes a step in.</summary>
    public void Add(JsonObject metrics, double stepSeconds)
    {
        (_last, _stepSeconds, _done, _within) = (metrics, stepSeconds, metrics["step"]!.GetValue<int>(), null);
        foreach (string key in shown.Where(metrics.ContainsKey))
        {
            if (!_history.TryGetValue(key, out List<double>? values))
            {
                _history[key] = values = [];
            }

            values.Add(Metrics.Number(metrics[key]!));
        }
    }

    /// <summary>Takes a warning in; of each kind the newest is shown, and how often it was given.</summary>
    public void Warn(string kind, string message, int times)
    {
        _warnings.Remove(kind);
        _warnings[kind] = (message, times);
    }

    /// <summary>The panel as it stands, in at most that many columns and rows; what matters least is left out.</summary>
    public IRenderable Render(int width, int height)
    {
        int inner = Math.Max(1, width - 4);
        Row[] rows = [.. Rows(inner)];
        Row[] kept = [.. rows.OrderBy(row => row.Rank).Take(Math.Max(1, height - 2))];
        IEnumerable<IRenderable> lines = rows.Where(kept.Contains).Select(row => row.Line(inner));
        return new Panel(new Rows(lines)) { Header = new PanelHeader($" {Markup.Escape(name)} "), Border = BoxBorder.Rounded, Width = width };
    }

    // In the order of the panel; a row of a lower rank stays when there is too little room.
    private IEnumerable<Row> Rows(int width)
    {
        int room = width - _labelWidth - 2;
        yield return new Row(0, (Progress(width), Plain));
        yield return new Row(0, (Now(), Bold));
        foreach ((int place, (string key, List<double> values)) in _history.Index())
        {
            string value = Shown.Number(values[^1]).PadLeft(ValueWidth);
            string spark = Sparkline.Of(values, Math.Clamp(room - ValueWidth - 2, 1, LongestSpark));
            yield return new Row(place == 0 ? 1 : 3, (Label(key), Plain), (value, Bold), ("  " + spark, Blue));
        }

        double whole = Metrics.Numbers(_last).Where(metric => IsPhase(metric.Name)).Sum(metric => metric.Value);
        (string Title, int Rank, string[] Facts)[] facts =
        [
            ("time", 5, Facts(IsPhase, "seconds_", 4, value => (value / whole).ToString("0%", CultureInfo.InvariantCulture))),
            ("tokens/s", 4, Facts(key => key.EndsWith("_tokens_per_second", StringComparison.Ordinal), "_tokens_per_second", 7,
                value => value.ToString("#,0", CultureInfo.InvariantCulture))),
            ("memory", 6, Facts(key => key.EndsWith("_mib", StringComparison.Ordinal), "_mib", 5,
                value => (value / 1024).ToString("0.0", CultureInfo.InvariantCulture) + " GiB")),
        ];
        foreach ((string title, int rank, string[] all) in facts)
        {
            foreach ((int line, string part) in Wrapped(all, room).Index())
            {
                yield return new Row(line == 0 ? rank : 7, (Label(line == 0 ? title : ""), Plain), (part, Plain));
            }
        }

        foreach ((int newer, (string message, int times)) in _warnings.Values.Reverse().Index().Reverse())
        {
            yield return new Row(newer == 0 ? 2 : 8, ($"warning ×{times}: {message}", Yellow));
        }
    }

    private string Label(string text) => text.PadRight(_labelWidth + 2);

    private string Progress(int width)
    {
        int bar = Math.Clamp(width - 50, 4, 30);
        int full = _total == 0 ? 0 : (int)((long)_done * bar / _total);
        string count = $"{_done.ToString(CultureInfo.InvariantCulture).PadLeft(_total.ToString(CultureInfo.InvariantCulture).Length)}/{_total}";
        string left = _stepSeconds == 0 ? "" : $"{Shown.Number(_stepSeconds),9} s/{_unit}   {Shown.Duration(_stepSeconds * (_total - _done))} left";
        return $"{new string('█', full)}{new string('░', bar - full)}  {_unit} {count}{left}";
    }

    private string Now() => Label("now") + (_done >= _total ? "done" : _isOver ? "stopped" : _within is not { } now ? "…"
        : string.Create(CultureInfo.InvariantCulture, $"{now.Phase,-10}{now.Share,5:0%}{Math.Round(now.TokensPerSecond),10:#,0} tokens/s"));

    private static bool IsPhase(string key) => key.StartsWith("seconds_", StringComparison.Ordinal);

    private string[] Facts(Func<string, bool> counts, string unit, int places, Func<double, string> text) =>
    [
        .. Metrics.Numbers(_last).Where(metric => counts(metric.Name))
            .Select(metric => $"{metric.Name.Replace(unit, "", StringComparison.Ordinal)} {text(metric.Value).PadLeft(places)}"),
    ];

    private static IEnumerable<string> Wrapped(string[] facts, int width)
    {
        string line = "";
        foreach (string fact in facts)
        {
            if (line.Length > 0 && line.Length + 2 + fact.Length > width)
            {
                yield return line;
                line = "";
            }

            line += (line.Length == 0 ? "" : "  ") + fact;
        }

        if (line.Length > 0)
        {
            yield return line;
        }
    }

    private sealed record Row(int Rank, params (string Text, Style Style)[] Parts)
    {
        /// <summary>The row, cut to the width.</summary>
        public Paragraph Line(int width)
        {
            var line = new Paragraph { Overflow = Overflow.Ellipsis };
            foreach ((string text, Style style) in Parts)
            {
                line.Append(text.Length <= width ? text : text[..Math.Max(0, width - 1)] + (width > 0 ? "…" : ""), style);
                width = Math.Max(0, width - text.Length);
            }

            return line;
        }
    }
}
