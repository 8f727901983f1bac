using System.Globalization;
using System.Text.Json.Nodes;
using Rlt.Evaluation;
using Rlt.Runs;
using Rlt.Statistics;

namespace Rlt.Reports;

/// <summary>A finished run of eval.</summary>
/// <param name="Summary">Its summary.json.</param>
/// <param name="Interval">The 95% interval of its accuracy; null where neither the summary nor the rows tell it.</param>
public sealed record EvaluatedRun(JsonObject Summary, Interval? Interval)
{
    private static readonly string[] Needed = ["accuracy", "questions", "samples", "no_answer"];

    /// <summary>The accuracy and its interval in percent, as in "25.0% (20.1 to 30.4)".</summary>
    public string Accuracy =>
        $"{Share("accuracy")} ({(Interval is { } ends ? FormattableString.Invariant($"{100 * ends.Low:0.0} to {100 * ends.High:0.0}") : "–")})";

    /// <summary>Mean tokens of an answer; a server need not tell them.</summary>
    public string Tokens => Summary["mean_tokens"] is null ? "–" : Number("mean_tokens").ToString("0", CultureInfo.InvariantCulture);

    /// <summary>Reads a run; null where no eval has finished there.</summary>
    /// <exception cref="DataException">Its figures are damaged.</exception>
    public static EvaluatedRun? Read(string path)
    {
        string file = Path.Combine(path, Evaluator.SummaryName);
        if (!File.Exists(file))
        {
            return null;
        }

        JsonObject summary = RunRows.ReadObject(file);
        RunRows.RequireNumbers(file, summary, summary["mean_tokens"] is null ? Needed : [.. Needed, "mean_tokens"]);
        return new EvaluatedRun(summary, ReadInterval(path, summary));
    }

    /// <summary>A share of the summary in percent; "–" where it has none.</summary>
    public string Share(string key) => Summary[key] is null ? "–" : (100 * Number(key)).ToString("0.0", CultureInfo.InvariantCulture) + "%";

    private double Number(string key) => Metrics.Number(Summary[key]!);

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
        return scores.Length == Metrics.Number(summary["questions"]!) ? QuestionInterval.OfMean(scores) : null;
    }
}
