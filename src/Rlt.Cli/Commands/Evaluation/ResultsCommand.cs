using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Rlt.Charts;
using Rlt.Files;
using Rlt.Runs;

namespace Rlt.Cli.Commands.Evaluation;

/// <summary><c>rlt results</c>: tables of finished runs, in Markdown.</summary>
internal static class ResultsCommand
{
    // A single step's reward is noisy: start and end are means over this many steps.
    private const int Window = 3;

    private static readonly string[] TeacherColumns = ["reward", "solution_score", "think_kl", "match", "completion_tokens", "empty"];

    private static readonly string[] EvaluationNumbers = ["accuracy", "accuracy_95", "questions", "samples", "no_answer"];

    public static Command Create()
    {
        var command = new Command("results", "Tables of finished runs: a teacher's reward at its start and end, and the accuracy of evaluations.");
        var runs = new Argument<string[]>("runs") { Description = "run directories, or NAME=DIRECTORY", Arity = ArgumentArity.OneOrMore };
        Option<string?> picture = SharedOptions.Optional("--svg", "also draw the tables as a picture into this file");
        command.Arguments.Add(runs);
        command.Options.Add(picture);
        command.SetAction(parsed =>
        {
            (string Name, string Path)[] named = [.. parsed.GetValue(runs)!.Select(Named)];
            (string Name, JsonObject[] Metrics)[] teachers = [.. named.Select(run => (run.Name, Metrics(run.Path))).Where(run => run.Item2.Length > 0 && run.Item2.All(row => row.ContainsKey("think_kl")))];
            (string Name, JsonObject Summary)[] evaluations = [.. named.Where(run => File.Exists(SummaryOf(run.Path))).Select(run => (run.Name, Summary(run.Path)))];
            if (teachers.Length + evaluations.Length == 0)
            {
                throw new DataException($"{string.Join(", ", named.Select(run => run.Path))}: no run of train-teacher (metrics.jsonl) or eval (summary.json) is there.");
            }

            WriteTeachers(teachers);
            WriteEvaluations(evaluations);
            if (parsed.GetValue(picture) is { } file)
            {
                AtomicFile.WriteText(file, Picture(teachers, evaluations));
            }
        });
        return command;
    }

    private static (string Name, string Path) Named(string argument) =>
        argument.Split('=', 2) is [var name, var path] ? (name, path) : (Path.GetFileName(Path.TrimEndingDirectorySeparator(argument)), argument);

    private static string SummaryOf(string path) => Path.Combine(path, "summary.json");

    // A run that goes on may be in the middle of a line, which is then not read.
    private static JsonObject[] Metrics(string path)
    {
        string file = Path.Combine(path, "metrics.jsonl");
        JsonObject[] rows = [.. RunRows.Read(file)];
        foreach (JsonObject row in rows.Where(row => row.ContainsKey("think_kl")))
        {
            RequireNumbers(file, row, TeacherColumns);
        }

        return rows;
    }

    private static JsonObject Summary(string path)
    {
        JsonObject summary = RunRows.ReadObject(SummaryOf(path));
        // A server need not tell how long its answers are.
        RequireNumbers(SummaryOf(path), summary, summary["mean_tokens"] is null ? EvaluationNumbers : [.. EvaluationNumbers, "mean_tokens"]);
        return summary;
    }

    private static void RequireNumbers(string file, JsonObject row, string[] keys)
    {
        foreach (string key in keys)
        {
            RunRows.Number(file, row, key);
        }
    }

    private static void WriteTeachers((string Name, JsonObject[] Metrics)[] teachers)
    {
        if (teachers.Length == 0)
        {
            return;
        }

        Console.WriteLine($"| teacher | steps | {string.Join(" | ", TeacherColumns)} |");
        Console.WriteLine($"|---|---|{string.Concat(TeacherColumns.Select(_ => "---|"))}");
        foreach ((string name, JsonObject[] metrics) in teachers)
        {
            Console.WriteLine($"| {name}, start | 1–{Math.Min(Window, metrics.Length)} | {Means(metrics.Take(Window))} |");
            Console.WriteLine($"| {name}, end | {Math.Max(1, metrics.Length - Window + 1)}–{metrics.Length} | {Means(metrics.TakeLast(Window))} |");
        }

        Console.WriteLine();
    }

    // Summaries without the interval's ends have half its width.
    private static (double Low, double High) Interval(JsonObject summary)
    {
        if (summary["accuracy_interval"] is JsonArray { Count: 2 } ends && ends.All(end => end is JsonValue value && value.TryGetValue(out double _)))
        {
            return (ends[0]!.GetValue<double>(), ends[1]!.GetValue<double>());
        }

        double accuracy = summary["accuracy"]!.GetValue<double>(), half = summary["accuracy_95"]!.GetValue<double>();
        return (Math.Max(0, accuracy - half), Math.Min(1, accuracy + half));
    }

    private static string Picture((string Name, JsonObject[] Metrics)[] teachers, (string Name, JsonObject Summary)[] evaluations)
    {
        JsonObject[] steps = teachers.Length > 0 ? teachers[0].Metrics : [];
        ChartLine[] lines = steps.Length == 0 ? [] : [Line("reward", "reward", 1), Line("solution score", "solution_score", 1), Line("− think KL", "think_kl", -1)];
        return ResultsChart.Svg(lines, [.. evaluations.Select(e => Bar(e.Name, e.Summary))]);

        ChartBar Bar(string name, JsonObject summary)
        {
            (double low, double high) = Interval(summary);
            return new ChartBar(name, summary["accuracy"]!.GetValue<double>(), low, high);
        }

        ChartLine Line(string name, string key, double sign) => new(name, [.. steps.Select(step => sign * step[key]!.GetValue<double>())]);
    }

    private static string Means(IEnumerable<JsonObject> steps)
    {
        JsonObject[] taken = [.. steps];
        return string.Join(" | ", TeacherColumns.Select(column => taken.Average(step => step[column]!.GetValue<double>()).ToString("0.000", CultureInfo.InvariantCulture)));
    }

    private static void WriteEvaluations((string Name, JsonObject Summary)[] evaluations)
    {
        if (evaluations.Length == 0)
        {
            return;
        }

        Console.WriteLine("| model | accuracy (95% interval) | questions | samples | no answer | tokens |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach ((string name, JsonObject summary) in evaluations)
        {
            (double low, double high) = Interval(summary);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {Number("accuracy"):P1} ({100 * low:0.0} to {100 * high:0.0}) | {summary["questions"]} | {summary["samples"]} | {Number("no_answer"):P1} | {(summary["mean_tokens"] is null ? "–" : Number("mean_tokens").ToString("0", CultureInfo.InvariantCulture))} |"));

            double Number(string key) => summary[key]!.GetValue<double>();
        }
    }
}
