using System.Globalization;
using System.Text.Json.Nodes;
using Rlt.Evaluation.Protocols;
using Rlt.Statistics;

namespace Rlt.Evaluation;

/// <summary>The figures of an evaluation.</summary>
public static class EvalSummary
{
    /// <summary>The summary of rows that are complete and in order.</summary>
    public static JsonObject Of(EvalConfig config, EvalSampling sampling, IReadOnlyList<JsonObject> rows)
    {
        JsonObject[][] questions = [.. rows.Chunk(sampling.Samples)];
        double[][] scores = [.. questions.Select(samples => samples.Select(EvalRow.Score).ToArray())];
        double[] perQuestion = [.. scores.Select(samples => samples.Average())];
        Interval interval = QuestionInterval.OfMean(scores);
        return new JsonObject
        {
            ["model"] = config.Model,
            ["data"] = config.Data,
            ["benchmark"] = config.Benchmark,
            ["protocol"] = config.Protocol.ToString().ToLowerInvariant(),
            ["questions"] = questions.Length,
            ["samples"] = sampling.Samples,
            ["temperature"] = sampling.Temperature,
            ["top_p"] = sampling.TopP,
            ["max_new_tokens"] = sampling.MaxNewTokens,
            ["accuracy"] = perQuestion.Average(),
            ["accuracy_95"] = (interval.High - interval.Low) / 2,
            ["accuracy_interval"] = new JsonArray(interval.Low, interval.High),
            ["pass_at_k"] = PassAt(scores, sampling.Samples),
            ["majority"] = questions.Average(samples => MajorityVote.Score(
                [.. samples.Select(row => (EvalRow.Extracted(row), EvalRow.IsCorrect(row)))], (one, other) => config.Protocol.SameVote(one, other))),
            ["truncated"] = rows.Average(row => EvalRow.IsTruncated(row) ? 1.0 : 0),
            ["no_answer"] = rows.Average(row => EvalRow.Extracted(row) is null ? 1.0 : 0),
            ["mean_tokens"] = rows.Average(row => (double?)EvalRow.Tokens(row)),
        };
    }

    /// <summary>The figures as a table, for a terminal and Markdown alike.</summary>
    public static string Table(JsonObject summary) => string.Join('\n', Figures(summary).Select(figure => $"| {figure.Name,-20} | {figure.Value} |"));

    /// <summary>The figures by their names, for people.</summary>
    public static IEnumerable<(string Name, string Value)> Figures(JsonObject summary)
    {
        int samples = summary["samples"]!.GetValue<int>();
        yield return ("questions × samples", $"{summary["questions"]} × {samples}");
        yield return ($"accuracy (avg@{samples})", $"{Share("accuracy")}, 95% interval {Percent(summary["accuracy_interval"]![0]!)} "
            + $"– {Percent(summary["accuracy_interval"]![1]!)}");
        foreach ((string k, JsonNode? value) in samples == 1 ? [] : summary["pass_at_k"]!.AsObject())
        {
            yield return ($"pass@{k}", Percent(value!));
        }

        if (samples > 1)
        {
            yield return ($"maj@{samples}", Share("majority"));
        }

        yield return ("truncated", Share("truncated"));
        yield return ("no answer found", Share("no_answer"));
        yield return ("mean tokens", summary["mean_tokens"]?.GetValue<double>().ToString("0", CultureInfo.InvariantCulture) ?? "not told by the server");

        string Share(string key) => Percent(summary[key]!);
    }

    private static string Percent(JsonNode share) => (100 * share.GetValue<double>()).ToString("0.0", CultureInfo.InvariantCulture) + "%";

    private static JsonObject PassAt(double[][] scores, int samples) => new(PassAtK.Reported(samples).Select(k => KeyValuePair.Create<string, JsonNode?>(
        k.ToString(CultureInfo.InvariantCulture), scores.Average(question => PassAtK.Estimate(samples, (int)question.Sum(), k)))));
}
