using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Evaluation;
using Rlt.Runs;

namespace Rlt.Reports;

/// <summary>What a report shows of one run, or of one file of explanations.</summary>
/// <param name="Name">How the run is called.</param>
/// <param name="Metrics">The rows of metrics.jsonl, first step to last; none where there are no steps.</param>
/// <param name="Samples">Rows with an explanation.</param>
/// <param name="IsFinished">Whether nothing will be added.</param>
public sealed record ReportRun(string Name, IReadOnlyList<JsonObject> Metrics, IReadOnlyList<JsonObject> Samples, bool IsFinished)
{
    /// <summary>Its settings by their keys.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>After which steps it went on after a stop.</summary>
    public IReadOnlyList<int> Resumes { get; init; } = [];

    /// <summary>What it found, where it is a finished run of eval.</summary>
    public EvaluatedRun? Evaluation { get; init; }

    /// <summary>The files in which runs keep explanations.</summary>
    internal static readonly string[] SampleFiles = ["samples.jsonl", "traces.jsonl"];

    /// <summary>Reads a run's directory, or a data file of explanations, as it is now.</summary>
    /// <param name="argument">Its path, or <c>NAME=PATH</c>.</param>
    /// <exception cref="DataException">There is nothing to show.</exception>
    public static ReportRun Read(string argument)
    {
        (string? given, string path) = RunFolders.Named(argument);
        string name = given ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
        ReportRun run = File.Exists(path)
            ? new ReportRun(name, [], [.. RowFile.Read(path).Select(row => row.Fields).Where(IsSample)], IsFinished: true)
            : new ReportRun(
                name,
                [.. RunRows.Read(Path.Combine(path, RunFolder.MetricsFile)).Where(row => row["step"] is JsonValue)],
                [.. SampleFiles.SelectMany(file => RunRows.Read(Path.Combine(path, file))).Where(IsSample)],
                Directory.Exists(Path.Combine(path, "model")) || File.Exists(Path.Combine(path, Evaluator.SummaryName)))
            {
                Settings = RunSettings.Read(path),
                Resumes = RunLog.Resumes(path),
                Evaluation = EvaluatedRun.Read(path),
            };
        bool hasJustBegun = File.Exists(Path.Combine(path, RunFolder.ConfigFile));
        return run.Metrics.Count + run.Samples.Count > 0 || hasJustBegun || run.Evaluation is not null
            ? run
            : throw new DataException(
                $"{path}: nothing to show; expected the directory of a run (with metrics.jsonl, "
                    + $"samples.jsonl, traces.jsonl or summary.json) or a file of rows {{question, solution, completion}}.");
    }

    // Traces that a collection dropped have no explanation.
    private static bool IsSample(JsonObject row) =>
        ReportData.Text(row, "question").Length > 0 && (row.ContainsKey("completion") || row.ContainsKey("explanation"));
}
