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

    private readonly (string Name, JsonObject[] Metrics)[] _teachers;
    private readonly (string Name, EvaluatedRun Run)[] _evaluations;

    /// <summary>Reads runs.</summary>
    /// <param name="runs">Run directories, or NAME=DIRECTORY.</param>
    /// <exception cref="DataException">No run is there, or a run's figures are damaged.</exception>
    public FinishedRuns(IEnumerable<string> runs)
    {
        Run[] read = [.. runs.Select(Named).Select(run => new Run(run.Name, run.Path, ReadMetrics(run.Path), EvaluatedRun.Read(run.Path)))];
        _teachers = [.. read.Where(run => IsTeachers(run.Metrics)).Select(run => (run.Name, run.Metrics))];
        _evaluations = [.. read.Where(run => run.Evaluation is not null).Select(run => (run.Name, run.Evaluation!))];
        LeftOut = [.. read.Select(WhyLeftOut).OfType<string>()];
        if (_teachers.Length + _evaluations.Length == 0)
        {
            throw new DataException(
                $"{string.Join(", ", read.Select(run => run.Path))}: no run of train-teacher (metrics.jsonl) or eval (summary.json) is there.");
        }
    }

    /// <summary>What of the runs is not in the tables, a line each.</summary>
    public IReadOnlyList<string> LeftOut { get; }

    /// <summary>What the picture leaves out; null for nothing.</summary>
    public string? NotInPicture => _teachers.Length < 2 ? null
        : $"the picture has the curves of {_teachers[0].Name} alone, not of {string.Join(", ", _teachers.Skip(1).Select(teacher => teacher.Name))}";

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
            foreach ((string name, EvaluatedRun run) in _evaluations)
            {
                text.Append(CultureInfo.InvariantCulture, $"| {name} | {run.Accuracy} | {run.Summary["questions"]} | {run.Summary["samples"]} | "
                    + $"{run.Share("no_answer")} | {run.Tokens} |\n");
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
        return ResultsChart.Svg(lines, [.. _evaluations.Select(run => Bar(run.Name, run.Run))]);

        ChartLine Line(string name, string key, double sign) => new(name, [.. steps.Select(step => sign * Number(step, key))]);
    }

    private static SeedBar Bar(string name, EvaluatedRun run)
    {
        double accuracy = Number(run.Summary, "accuracy");
        return new SeedBar("", name, accuracy, run.Interval?.Low ?? accuracy, run.Interval?.High ?? accuracy, []);
    }

    private static string? WhyLeftOut(Run run) => run switch
    {
        { Evaluation.Interval: null, Evaluation: not null } =>
            $"{run.Path}: no interval; its {Evaluator.SummaryName} is of an earlier version, and its {Evaluator.FileName} is not all there",
        { Evaluation: null } when !IsTeachers(run.Metrics) =>
            $"{run.Path}: left out; no steps of train-teacher ({RunFolder.MetricsFile}), nor a finished run of eval ({Evaluator.SummaryName})",
        _ => null,
    };

    private static (string Name, string Path) Named(string argument)
    {
        (string? name, string path) = RunFolders.Named(argument);
        return (name ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(path)), path);
    }

    private static bool IsTeachers(JsonObject[] metrics) => metrics.Length > 0 && metrics.All(IsTeachers);

    private static bool IsTeachers(JsonObject step) => step.ContainsKey("think_kl");

    // A run that goes on may be in the middle of a line, which is then not read.
    private static JsonObject[] ReadMetrics(string path)
    {
        string file = Path.Combine(path, RunFolder.MetricsFile);
        JsonObject[] rows = [.. RunRows.Read(file)];
        foreach (JsonObject row in rows.Where(IsTeachers))
        {
            RunRows.RequireNumbers(file, row, TeacherColumns);
        }

        return rows;
    }

    private static string Means(JsonObject[] steps) =>
        string.Join(" | ", TeacherColumns.Select(column => steps.Average(step => Number(step, column)).ToString("0.000", CultureInfo.InvariantCulture)));

    private static double Number(JsonObject row, string key) => row[key]!.GetValue<double>();

    private sealed record Run(string Name, string Path, JsonObject[] Metrics, EvaluatedRun? Evaluation);
}
