using System.Globalization;
using System.Text.Json.Nodes;
using Rlt.Runs;
using Spectre.Console;
using Spectre.Console.Rendering;
using Line = Spectre.Console.Text;

namespace Rlt.Cli;

/// <summary>What the live view shows of a run, put together from its metrics; draws nothing itself.</summary>
internal sealed class RunPanel(string name, string[] shown)
{
    private const int SparkWidth = 40;
    private const int WarningsShown = 3;
    private readonly OrderedDictionary<string, List<double>> _history = [];
    private readonly List<string> _warnings = [];
    private JsonObject _last = [];
    private double _stepSeconds;

    /// <summary>Steps of the whole run.</summary>
    public int Total { get; set; }

    /// <summary>What the steps are: of evaluations, questions.</summary>
    public string Unit { get; set; } = "step";

    /// <summary>Takes a step in.</summary>
    public void Add(JsonObject metrics, double stepSeconds)
    {
        (_last, _stepSeconds) = (metrics, stepSeconds);
        foreach (string key in shown.Where(metrics.ContainsKey))
        {
            if (!_history.TryGetValue(key, out List<double>? values))
            {
                _history[key] = values = [];
            }

            values.Add(Metrics.Number(metrics[key]!));
        }
    }

    /// <summary>Takes a warning in; the newest few are shown.</summary>
    public void Warn(string message) => _warnings.Add(message);

    /// <summary>The panel as it stands.</summary>
    public IRenderable Render()
    {
        int step = _last["step"]?.GetValue<int>() ?? 0;
        var grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn(new GridColumn().NoWrap()).AddColumn();
        foreach ((string key, List<double> values) in _history)
        {
            grid.AddRow(new Line(key), new Line(Shown.Number(values[^1]), new Style(decoration: Decoration.Bold)),
                new Line(Sparkline.Of(values, SparkWidth), new Style(Color.Blue)));
        }

        AddFacts(grid, "time", Phases());
        AddFacts(grid, "tokens/s", Facts(
            key => key.EndsWith("tokens_per_second", StringComparison.Ordinal), "_tokens_per_second",
            value => value.ToString("#,0", CultureInfo.InvariantCulture)));
        AddFacts(grid, "memory", Facts(key => key.EndsWith("_mib", StringComparison.Ordinal), "_mib", value => $"{Shown.Number(value / 1024)} GiB"));
        var rows = new List<IRenderable> { new Line(Progress(step)), grid };
        rows.AddRange(_warnings.TakeLast(WarningsShown).Select(warning => new Line($"warning: {warning}", new Style(Color.Yellow))));
        return new Panel(new Rows(rows)) { Header = new PanelHeader($" {Markup.Escape(name)} "), Border = BoxBorder.Rounded };
    }

    private static void AddFacts(Grid grid, string title, string facts)
    {
        if (facts.Length > 0)
        {
            grid.AddRow(new Line(title), new Line(""), new Line(facts));
        }
    }

    private string Progress(int step)
    {
        const int width = 30;
        int full = Total == 0 ? 0 : (int)((long)step * width / Total);
        string bar = new string('█', full) + new string('░', width - full);
        return step == 0
            ? $"{bar}  the first of {Total} {Unit}s"
            : $"{bar}  {Unit} {step}/{Total}  {Shown.Number(_stepSeconds)} s/{Unit}  {Shown.Duration(_stepSeconds * (Total - step))} left";
    }

    private string Phases()
    {
        double whole = Metrics.Numbers(_last).Where(metric => IsPhase(metric.Name)).Sum(metric => metric.Value);
        return whole == 0 ? "" : Facts(IsPhase, "seconds_", value =>
            (value / whole).ToString("P0", CultureInfo.InvariantCulture).Replace(" ", "", StringComparison.Ordinal));
    }

    private static bool IsPhase(string key) => key.StartsWith("seconds_", StringComparison.Ordinal);

    private string Facts(Func<string, bool> counts, string unit, Func<double, string> text) => string.Join(
        "  ", Metrics.Numbers(_last).Where(metric => counts(metric.Name))
            .Select(metric => $"{metric.Name.Replace(unit, "", StringComparison.Ordinal)} {text(metric.Value)}"));
}

/// <summary>Numbers as a line of blocks, the least lowest and the largest highest.</summary>
internal static class Sparkline
{
    private const string Blocks = "▁▂▃▄▅▆▇█";

    /// <summary>The line; values that are not finite are gaps, and equal values lie in the middle.</summary>
    /// <param name="values">The values, oldest first.</param>
    /// <param name="width">Characters at most. More values are drawn by the means of as many neighbours as that takes.</param>
    public static string Of(IReadOnlyList<double> values, int width)
    {
        int size = Math.Max(1, (values.Count + width - 1) / width);
        double[] means = [.. values.Chunk(size).Select(chunk => chunk.Average())];
        double[] finite = [.. means.Where(double.IsFinite)];
        if (finite.Length == 0)
        {
            return new string(' ', means.Length);
        }

        (double low, double high) = (finite.Min(), finite.Max());
        return string.Concat(means.Select(mean => !double.IsFinite(mean) ? ' '
            : high == low ? Blocks[Blocks.Length / 2]
            : Blocks[(int)Math.Round((mean - low) / (high - low) * (Blocks.Length - 1))]));
    }
}
