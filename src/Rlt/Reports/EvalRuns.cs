using System.Text.Json.Nodes;
using Rlt.Evaluation;
using Rlt.Runs;

namespace Rlt.Reports;

/// <summary>Runs of eval by what they are of.</summary>
public static class EvalRuns
{
    /// <summary>Compares two runs, or folders of runs, one a benchmark, as they are asked for.</summary>
    /// <exception cref="DataException">There is no finished run, two are of one benchmark, or there is none that both have.</exception>
    /// <returns>The comparisons, and what was left out, a line each.</returns>
    public static (IEnumerable<EvalComparison> Comparisons, IReadOnlyList<string> LeftOut) Compare(string first, string second)
    {
        (Dictionary<string, string> before, Dictionary<string, string> after) = (Runs(first), Runs(second));
        string[] leftOut = [.. Alone(first, before, second, after), .. Alone(second, after, first, before), .. Unfinished(first), .. Unfinished(second)];
        string[] shared = [.. before.Keys.Where(after.ContainsKey).Order(StringComparer.Ordinal)];
        return shared.Length > 0
            ? (shared.Select(name => EvalComparison.Of(name, Rows(before[name]), Rows(after[name]))), leftOut)
            : throw new DataException($"{first} has runs on {Listed(before)}, {second} on {Listed(after)}; expected a benchmark that both have.");
    }

    // A run alone is of whatever it is of; in a folder of runs, each goes by its benchmark, else its data, and its protocol.
    private static Dictionary<string, string> Runs(string path)
    {
        string[] folders = IsRun(path) ? [path]
            : Directory.Exists(path) ? [.. Directory.GetDirectories(path).Where(IsRun).Order(StringComparer.Ordinal)] : [];
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

    private static IEnumerable<string> Alone(string path, Dictionary<string, string> runs, string other, Dictionary<string, string> others) =>
        runs.Keys.Where(name => !others.ContainsKey(name)).Order(StringComparer.Ordinal)
            .Select(name => $"{path}: {name} is left out; {other} has no run of it");

    private static IEnumerable<string> Unfinished(string path) => IsRun(path)
        ? []
        : Directory.GetDirectories(path)
            .Where(folder => !IsRun(folder) && File.Exists(Path.Combine(folder, RunFolder.ConfigFile)))
            .Order(StringComparer.Ordinal)
            .Select(folder => $"{folder}: left out; no finished run of eval ({Evaluator.SummaryName})");

    private static bool IsRun(string path) => File.Exists(Path.Combine(path, Evaluator.SummaryName));

    private static IReadOnlyList<JsonObject> Rows(string folder) => RunRows.Read(Path.Combine(folder, Evaluator.FileName));

    private static string Listed(Dictionary<string, string> runs) => string.Join(", ", runs.Keys.Order(StringComparer.Ordinal));
}
