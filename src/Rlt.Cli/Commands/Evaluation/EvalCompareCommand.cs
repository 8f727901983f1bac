using System.CommandLine;
using System.Text.Json.Nodes;
using Rlt.Evaluation;
using Rlt.Reports;
using Rlt.Runs;

namespace Rlt.Cli.Commands.Evaluation;

/// <summary><c>rlt eval compare</c>: whether one model is better than another on the same questions.</summary>
internal static class EvalCompareCommand
{
    public static Command Create()
    {
        var command = new Command("compare", "Two models on the same questions: a paired test for each benchmark, questions gained and lost.");
        var first = new Argument<string>("A") { Description = "a run of eval, or a folder of runs, one a benchmark" };
        var second = new Argument<string>("B") { Description = "the run, or folder of runs, to compare with it" };
        command.Arguments.Add(first);
        command.Arguments.Add(second);
        command.SetAction(parsed =>
        {
            string a = parsed.GetValue(first)!, b = parsed.GetValue(second)!;
            (Dictionary<string, string> before, Dictionary<string, string> after) = (Runs(a), Runs(b));
            string[] shared = [.. before.Keys.Where(after.ContainsKey).Order(StringComparer.Ordinal)];
            if (shared.Length == 0)
            {
                throw new DataException($"{a} has runs on {Listed(before)}, {b} on {Listed(after)}; expected a benchmark that both have.");
            }

            Console.WriteLine($"A: {a}\nB: {b}\n");
            Console.WriteLine(EvalComparison.Markdown([.. shared.Select(name => EvalComparison.Of(name, Rows(before[name]), Rows(after[name])))]));
        });
        return command;
    }

    // A run alone is of whatever it is of; in a folder of runs, each goes by its benchmark, else its data, and its protocol.
    private static Dictionary<string, string> Runs(string path)
    {
        string[] folders = IsRun(path) ? [path] : Directory.Exists(path) ? [.. Directory.GetDirectories(path).Where(IsRun).Order(StringComparer.Ordinal)] : [];
        var runs = new Dictionary<string, string>();
        foreach (string folder in folders)
        {
            JsonObject summary = RunRows.ReadObject(Path.Combine(folder, Evaluator.SummaryName));
            string name = (summary["benchmark"] ?? Path.GetFileNameWithoutExtension(summary["data"]?.ToString() ?? "")).ToString();
            string protocol = summary["protocol"]?.ToString() is { } rules and not "strict" ? $" ({rules})" : "";
            if (!runs.TryAdd(name + protocol, folder))
            {
                throw new DataException($"{path}: {runs[name + protocol]} and {folder} are both of {name}{protocol}; expected one run a benchmark.");
            }
        }

        return runs.Count > 0 ? runs : throw new DataException($"{path}: no finished run of eval ({Evaluator.SummaryName}), nor a folder of such runs.");
    }

    private static bool IsRun(string path) => File.Exists(Path.Combine(path, Evaluator.SummaryName));

    private static IReadOnlyList<JsonObject> Rows(string folder) => RunRows.Read(Path.Combine(folder, Evaluator.FileName));

    private static string Listed(Dictionary<string, string> runs) => string.Join(", ", runs.Keys.Order(StringComparer.Ordinal));
}
