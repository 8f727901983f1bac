using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Rlt.Charts;
using Rlt.Evaluation;
using Rlt.Runs;
using Rlt.Statistics;

namespace Rlt.Reports;

/// <summary>Finished runs side by side: a teacher's reward at its start and end, and the accuracy of evaluations.</summary>
public sealed class FinishedRuns
{
    // A single step's reward is noisy: start and end are means over this many steps.
    private const int Window = 3;

    private static readonly string[] TeacherColumns = ["reward", "solution_score", "think_kl", "match", "completion_tokens", "empty"];

    private static readonly string[] EvaluationNumbers = ["accuracy", "questions", "samples", "no_answer"];

    private readonly (string Name, JsonObject[] Metrics)[] _teachers;
    private readonly (string Name, JsonObject Summary, Interval? Interval)[] _evaluations;

    /// <summary>Reads runs.</summary>
    /// <param name="runs">Run directories, or NAME=DIRECTORY.</param>
    /// <exception cref="DataException">No run is there, or a run's figures are damaged.</exception>
    public FinishedRuns(IEnumerable<string> runs)
    {
        Run[] read = [.. runs.Select(Named).Select(run => new Run(run.Name, run.Path, ReadMetrics(run.Path)))];
        read = [.. read.Select(WithEvaluation)];
        _teachers = [.. read.Where(run => IsTeachers(run.Metrics)).Select(run => (run.Name, run.Metrics))];
        _evaluations = [.. read.Where(run => run.Summary is not null).Select(run => (run.Name, run.Summary!, run.Interval))];
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
            foreach ((string name, JsonObject summary, Interval? interval) in _evaluations)
            {
                string ends = interval is { } known ? string.Create(CultureInfo.InvariantCulture, $"{100 * known.Low:0.0} to {100 * known.High:0.0}") : "–";
                text.Append(CultureInfo.InvariantCulture, $"| {name} | {Percent(summary, "accuracy")} ({ends}) | {summary["questions"]} | ");
                string tokens = summary["mean_tokens"] is null ? "–" : Number(summary, "mean_tokens").ToString("0", CultureInfo.InvariantCulture);
                text.Append(CultureInfo.InvariantCulture, $"{summary["samples"]} | {Percent(summary, "no_answer")} | {tokens} |\n");
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
        return ResultsChart.Svg(lines, [.. _evaluations.Select(run => Bar(run.Name, run.Summary, run.Interval))]);

        ChartLine Line(string name, string key, double sign) => new(name, [.. steps.Select(step => sign * Number(step, key))]);
    }

    private static ChartBar Bar(string name, JsonObject summary, Interval? interval)
    {
        double accuracy = Number(summary, "accuracy");
        return new ChartBar(name, accuracy, interval?.Low ?? accuracy, interval?.High ?? accuracy);
    }

    private static Run WithEvaluation(Run run)
    {
        if (!File.Exists(SummaryOf(run.Path)))
        {
            return run;
        }

        JsonObject summary = ReadSummary(SummaryOf(run.Path));
        return run with { Summary = summary, Interval = ReadInterval(run.Path, summary) };
    }

    private static string? WhyLeftOut(Run run) => run switch
    {
        { Summary: not null, Interval: null } =>
            $"{run.Path}: no interval; its {Evaluator.SummaryName} is of an earlier version, and its {Evaluator.FileName} is not all there",
        { Summary: null } when !IsTeachers(run.Metrics) =>
            $"{run.Path}: left out; no steps of train-teacher ({RunFolder.MetricsFile}), nor a finished run of eval ({Evaluator.SummaryName})",
        _ => null,
    };

    private static (string Name, string Path) Named(string argument)
    {
        (string? name, string path) = RunFolders.Named(argument);
        return (name ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(path)), path);
    }

    private static string SummaryOf(string path) => Path.Combine(path, Evaluator.SummaryName);

    private static bool IsTeachers(JsonObject[] metrics) => metrics.Length > 0 && metrics.All(IsTeachers);

    private static bool IsTeachers(JsonObject step) => step.ContainsKey("think_kl");

    // A run that goes on may be in the middle of a line, which is then not read.
    private static JsonObject[] ReadMetrics(string path)
    {
        string file = Path.Combine(path, RunFolder.MetricsFile);
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

    // Summaries of earlier versions have no ends, but the rows that they are of.
    private static Interval? ReadInterval(string path, JsonObject summary)
    {
        if (summary["accuracy_interval"] is JsonArray { Count: 2 } ends && ends.All(end => end is JsonValue value && value.TryGetValue(out double _)))
        {
            return new Interval(ends[0]!.GetValue<double>(), ends[1]!.GetValue<double>());
        }

        double[][] scores = [.. RunRows.Read(Path.Combine(path, Evaluator.FileName))
            .GroupBy(row => EvalRow.Key(row).Index)
            .Select(question => question.Select(EvalRow.Score).ToArray())];
        return scores.Length == Number(summary, "questions") ? QuestionInterval.OfMean(scores) : null;
    }

    private static string Percent(JsonObject summary, string key) => (100 * Number(summary, key)).ToString("0.0", CultureInfo.InvariantCulture) + "%";

    private static string Means(JsonObject[] steps) =>
        string.Join(" | ", TeacherColumns.Select(column => steps.Average(step => Number(step, column)).ToString("0.000", CultureInfo.InvariantCulture)));

    private static double Number(JsonObject row, string key) => row[key]!.GetValue<double>();

    // A run's steps, and of one of eval its summary and interval.
    private sealed record Run(string Name, string Path, JsonObject[] Metrics)
    {
        public JsonObject? Summary { get; init; }

        public Interval? Interval { get; init; }
    }
}
