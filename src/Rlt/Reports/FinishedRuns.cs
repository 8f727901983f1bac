using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Rlt.Charts;
using Rlt.Evaluation;
using Rlt.Runs;

namespace Rlt.Reports;

/// <summary>Finished runs side by side: a teacher's reward at its start and end, and the accuracy of evaluations.</summary>
public sealed class FinishedRuns
{
    // A single step's reward is noisy: start and end are means over this many steps.
    private const int Window = 3;

    private static readonly string[] TeacherColumns = ["reward", "solution_score", "think_kl", "match", "completion_tokens", "empty"];

    private static readonly string[] EvaluationNumbers = ["accuracy", "accuracy_95", "questions", "samples", "no_answer"];

    private readonly (string Name, JsonObject[] Metrics)[] _teachers;
    private readonly (string Name, JsonObject Summary)[] _evaluations;

    /// <summary>Reads runs.</summary>
    /// <param name="runs">Run directories, or NAME=DIRECTORY.</param>
    /// <exception cref="DataException">No run is there, or a run's figures are damaged.</exception>
    public FinishedRuns(IEnumerable<string> runs)
    {
        (string Name, string Path)[] named = [.. runs.Select(Named)];
        _teachers = [.. named.Select(run => (run.Name, Metrics: ReadMetrics(run.Path))).Where(run => run.Metrics.Length > 0 && run.Metrics.All(IsTeachers))];
        _evaluations = [.. named.Where(run => File.Exists(SummaryOf(run.Path))).Select(run => (run.Name, ReadSummary(SummaryOf(run.Path))))];
        if (_teachers.Length + _evaluations.Length == 0)
        {
            throw new DataException(
                $"{string.Join(", ", named.Select(run => run.Path))}: no run of train-teacher (metrics.jsonl) or eval (summary.json) is there.");
        }
    }

    /// <summary>The runs' tables.</summary>
    public string Markdown()
    {
        var text = new StringBuilder();
        if (_teachers.Length > 0)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"| teacher | steps | {string.Join(" | ", TeacherColumns)} |\n|---|---|{string.Concat(TeacherColumns.Select(_ => "---|"))}\n");
            foreach ((string name, JsonObject[] metrics) in _teachers)
            {
                int last = metrics.Length;
                text.Append(CultureInfo.InvariantCulture, $"| {name}, start | 1–{Math.Min(Window, last)} | {Means(metrics[..Math.Min(Window, last)])} |\n");
                text.Append(CultureInfo.InvariantCulture,
                    $"| {name}, end | {Math.Max(1, last - Window + 1)}–{last} | {Means(metrics[^Math.Min(Window, last)..])} |\n");
            }

            text.Append('\n');
        }

        if (_evaluations.Length > 0)
        {
            text.Append("| model | accuracy (95% interval) | questions | samples | no answer | tokens |\n|---|---|---|---|---|---|\n");
            foreach ((string name, JsonObject summary) in _evaluations)
            {
                (double low, double high) = Interval(summary);
                text.Append(CultureInfo.InvariantCulture,
                    $"| {name} | {Number(summary, "accuracy"):P1} ({100 * low:0.0} to {100 * high:0.0}) | {summary["questions"]} | ");
                string tokens = summary["mean_tokens"] is null ? "–" : Number(summary, "mean_tokens").ToString("0", CultureInfo.InvariantCulture);
                text.Append(CultureInfo.InvariantCulture, $"{summary["samples"]} | {Number(summary, "no_answer"):P1} | {tokens} |\n");
            }
        }

        return text.ToString();
    }

    /// <summary>The tables as a picture, with the first teacher's curves.</summary>
    public string Svg()
    {
        JsonObject[] steps = _teachers.Length > 0 ? _teachers[0].Metrics : [];
        ChartLine[] lines = steps.Length == 0
            ? []
            : [Line("reward", "reward", 1), Line("solution score", "solution_score", 1), Line("− think KL", "think_kl", -1)];
        return ResultsChart.Svg(lines, [.. _evaluations.Select(run => Bar(run.Name, run.Summary))]);

        ChartLine Line(string name, string key, double sign) => new(name, [.. steps.Select(step => sign * Number(step, key))]);
    }

    private static ChartBar Bar(string name, JsonObject summary)
    {
        (double low, double high) = Interval(summary);
        return new ChartBar(name, Number(summary, "accuracy"), low, high);
    }

    private static (string Name, string Path) Named(string argument) =>
        argument.Split('=', 2) is [var name, var path] ? (name, path) : (Path.GetFileName(Path.TrimEndingDirectorySeparator(argument)), argument);

    private static string SummaryOf(string path) => Path.Combine(path, Evaluator.SummaryName);

    private static bool IsTeachers(JsonObject step) => step.ContainsKey("think_kl");

    // A run that goes on may be in the middle of a line, which is then not read.
    private static JsonObject[] ReadMetrics(string path)
    {
        string file = Path.Combine(path, "metrics.jsonl");
        JsonObject[] rows = [.. RunRows.Read(file)];
        foreach (JsonObject row in rows.Where(IsTeachers))
        {
            RequireNumbers(file, row, TeacherColumns);
        }

        return rows;
    }

    private static JsonObject ReadSummary(string file)
    {
        JsonObject summary = RunRows.ReadObject(file);
        // A server need not tell how long its answers are.
        RequireNumbers(file, summary, summary["mean_tokens"] is null ? EvaluationNumbers : [.. EvaluationNumbers, "mean_tokens"]);
        return summary;
    }

    private static void RequireNumbers(string file, JsonObject row, string[] keys)
    {
        foreach (string key in keys)
        {
            RunRows.Number(file, row, key);
        }
    }

    // Summaries without the interval's ends have half its width.
    private static (double Low, double High) Interval(JsonObject summary)
    {
        if (summary["accuracy_interval"] is JsonArray { Count: 2 } ends && ends.All(end => end is JsonValue value && value.TryGetValue(out double _)))
        {
            return (ends[0]!.GetValue<double>(), ends[1]!.GetValue<double>());
        }

        double accuracy = Number(summary, "accuracy"), half = Number(summary, "accuracy_95");
        return (Math.Max(0, accuracy - half), Math.Min(1, accuracy + half));
    }

    private static string Means(JsonObject[] steps) =>
        string.Join(" | ", TeacherColumns.Select(column => steps.Average(step => Number(step, column)).ToString("0.000", CultureInfo.InvariantCulture)));

    private static double Number(JsonObject row, string key) => row[key]!.GetValue<double>();
}
