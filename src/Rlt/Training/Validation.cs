using System.Diagnostics;
using System.Text.Json.Nodes;
using Rlt.Runs;
using Rlt.Statistics;

namespace Rlt.Training;

/// <summary>Measures the model on held-out rows every so many steps, and after the last.</summary>
/// <param name="config">How often.</param>
/// <param name="metric">What tells models apart.</param>
/// <param name="folder">Has the metrics of the steps before.</param>
/// <param name="measure">Adds the metric, with its interval where there is one, to a step's metrics.</param>
public sealed class Validation(ValidateConfig config, BestMetric metric, RunFolder folder, Action<JsonObject> measure)
{
    private const string Low = "_low";
    private const string High = "_high";

    /// <summary>Adds the figures of a step after which it is time to measure.</summary>
    /// <param name="metrics">The step's metrics.</param>
    /// <param name="done">Steps done.</param>
    /// <param name="steps">Steps of the whole run.</param>
    public void AddTo(JsonObject metrics, int done, int steps)
    {
        if (done % config.Every != 0 && done != steps)
        {
            return;
        }

        var clock = Stopwatch.StartNew();
        measure(metrics);
        double now = Metrics.Number(metrics[metric.Name]!);
        if (metrics[metric.Name + High] is { } high)
        {
            double half = (Metrics.Number(high) - Metrics.Number(metrics[metric.Name + Low]!)) / 2;
            double behind = RunRows.Read(folder.Metrics).Where(row => row.ContainsKey(metric.Name))
                .Select(row => metric.Gain(Metrics.Number(row[metric.Name]!), now)).Append(0).Max();
            metrics[Metrics.ValidationBehind] = half > 0 ? behind / half : 0;
        }

        metrics["seconds_validation"] = Math.Round(clock.Elapsed.TotalSeconds, 4);
    }

    /// <summary>Adds a mean and the ends of its interval.</summary>
    public static void Add(JsonObject metrics, string name, double mean, Interval? interval)
    {
        metrics[name] = mean;
        if (interval is var (low, high))
        {
            (metrics[name + Low], metrics[name + High]) = (low, high);
        }
    }

    /// <summary>A measured value with its interval, for people: "1.23 (95%: 1.1 to 1.4)".</summary>
    public static string Shown(JsonObject metrics, string name) => FormattableString.Invariant($"{Metrics.Number(metrics[name]!):G4}")
        + (metrics[name + Low] is { } low && metrics[name + High] is { } high
            ? FormattableString.Invariant($" (95%: {Metrics.Number(low):G4} to {Metrics.Number(high):G4})") : "");
}
