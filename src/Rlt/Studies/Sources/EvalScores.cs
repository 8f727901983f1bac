using System.Text.Json.Nodes;
using Rlt.Evaluation;
using Rlt.Runs;

namespace Rlt.Studies.Sources;

/// <summary>A finished run of eval: its verdicts, and how its answers were drawn.</summary>
/// <param name="Folder">The run's folder.</param>
/// <param name="Ids">The questions' names, in ordinal order, so that runs of the same questions are in the same order.</param>
/// <param name="Answers">The expected answers, question by question.</param>
/// <param name="Scores">For each question its samples' scores, 0 or 1.</param>
/// <param name="NoAnswer">The share of samples without an answer.</param>
/// <param name="MeanTokens">The mean length of an answer.</param>
/// <param name="Summary">The run's own summary.</param>
public sealed record EvalScores(
    string Folder, IReadOnlyList<string> Ids, IReadOnlyList<string?> Answers, double[][] Scores, double NoAnswer, double MeanTokens, JsonObject Summary)
{
    private static readonly string[] SettingKeys = ["benchmark", "protocol", "samples", "temperature", "top_p", "max_new_tokens"];

    /// <summary>avg@k: the mean over questions of each one's share of right samples.</summary>
    public double Accuracy { get; } = Scores.Average(samples => samples.Average());

    /// <summary>How the run asked and graded, apart from model and data.</summary>
    public IEnumerable<(string Key, string Value)> Settings => SettingKeys.Select(key => (key, Summary[key]?.ToString() ?? "none"));

    /// <summary>Reads a run.</summary>
    /// <param name="folder">The run's folder, which has a summary.</param>
    /// <exception cref="DataException">The results are damaged, or not those that the summary is of.</exception>
    public static EvalScores Read(string folder)
    {
        string path = Path.Combine(folder, Evaluator.FileName), summaryPath = Path.Combine(folder, Evaluator.SummaryName);
        JsonObject summary = RunRows.ReadObject(summaryPath);
        IReadOnlyList<JsonObject> rows = RunRows.Read(path);
        long expected = RunRows.Count(summaryPath, summary, "questions", int.MaxValue) * RunRows.Count(summaryPath, summary, "samples", int.MaxValue);
        if (rows.Count != expected || rows.Count == 0)
        {
            throw new DataException($"{path}: {rows.Count} rows; {Evaluator.SummaryName} is of {expected}. Let the evaluation end, by the same command.");
        }

        try
        {
            return Of(folder, rows, summary);
        }
        catch (DataException error)
        {
            throw new DataException($"{folder}: {error.Message}", error);
        }
    }

    private static EvalScores Of(string folder, IReadOnlyList<JsonObject> rows, JsonObject summary)
    {
        (string Id, JsonObject[] Samples)[] questions = [.. rows
            .GroupBy(row => EvalRow.Key(row).Index)
            .Select(question => (EvalRow.Id(question.First()), question.ToArray()))
            .OrderBy(question => question.Item1, StringComparer.Ordinal)];
        if (questions.Zip(questions.Skip(1)).FirstOrDefault(pair => pair.First.Id == pair.Second.Id) is { First.Id: { } twice })
        {
            throw new DataException($"two questions have the id '{twice}'; expected an id of its own for each, or no ids in the data.");
        }

        return new EvalScores(
            folder,
            [.. questions.Select(question => question.Id)],
            [.. questions.Select(question => question.Samples[0]["answer"]?.ToString())],
            [.. questions.Select(question => question.Samples.Select(EvalRow.Score).ToArray())],
            rows.Average(row => EvalRow.Extracted(row) is null ? 1.0 : 0),
            rows.Average(row => (double?)EvalRow.Tokens(row)) ?? throw new DataException(
                "no row has its tokens, as the server did not tell them; a study compares lengths too. Evaluate with a server that reports usage."),
            summary);
    }
}
