using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Evaluation.Grading;
using Rlt.Generation;
using Rlt.Models;
using Rlt.Runs;
using Rlt.Teaching;

namespace Rlt.Evaluation;

/// <summary>A question and its expected final answer.</summary>
/// <param name="Task">The question.</param>
/// <param name="Answer">The final answer.</param>
public sealed record EvalQuestion(TeachingTask Task, string Answer);

/// <summary>Asks a model questions and counts the answers that are right.</summary>
public sealed class Evaluator(EvalConfig config, LanguageModel model, IReadOnlyList<EvalQuestion> questions, TeachingFormat format)
{
    // 1.96 standard errors cover 95%.
    private const double Normal95 = 1.96;

    private readonly SamplingEngine _engine = new(model.Decoder, model.Tokenizer, new SamplingOptions
    {
        Temperature = config.Temperature,
        TopP = config.TopP,
        MaxNewTokens = config.MaxNewTokens,
        MaxRows = config.SamplingRows,
        StopIds = model.StopIds,
    });

    /// <summary>Reads a file of questions.</summary>
    /// <exception cref="DataException">There is no row, or too many have no question, or neither an answer nor a solution that boxes one.</exception>
    public static UsableRows<EvalQuestion> Read(DataSource source) => source.Read("'question' and 'answer'", row => Question(row, source.Fields));

    /// <summary>Evaluates, going on after the last block of an earlier run, and writes rows and summary.</summary>
    /// <param name="folder">The run's directory.</param>
    /// <param name="progress">Called after each block with questions done and the accuracy so far.</param>
    /// <param name="stop">Ends the work after the block.</param>
    /// <returns>The summary.</returns>
    public JsonObject Run(RunFolder folder, Action<int, JsonObject> progress, CancellationToken stop)
    {
        string path = Path.Combine(folder.Path, "results.jsonl");
        List<JsonObject> rows = Earlier(path);
        while (rows.Count < questions.Count * config.Samples)
        {
            stop.ThrowIfCancellationRequested();
            int first = rows.Count / config.Samples;
            List<JsonObject> block = Block(first, Math.Min(config.BlockSize, questions.Count - first), stop);
            RunRows.Append(path, block);
            rows.AddRange(block);
            progress(rows.Count / config.Samples, new JsonObject { ["step"] = rows.Count / config.Samples, ["accuracy"] = rows.Average(row => row["correct"]!.GetValue<bool>() ? 1.0 : 0) });
        }

        JsonObject summary = Summary(rows);
        AtomicFile.WriteText(Path.Combine(folder.Path, "summary.json"), summary.ToJsonString(new() { WriteIndented = true }) + "\n");
        return summary;
    }

    private static EvalQuestion Question(JsonRow row, FieldNames fields)
    {
        var columns = new TaskRow(row, fields);
        string question = columns.Question;
        string? answer = columns.Answer ?? AnswerGrader.Boxed(columns.SolutionText ?? "");
        return answer is null
            ? throw row.Problem($"no '{fields.Answer ?? "answer"}', and no \\boxed{{}} in {(columns.SolutionIsInTurn ? "the assistant's turn" : $"'{columns.SolutionColumn}'")}; expected one of them.")
            : new EvalQuestion(new TeachingTask(question, "") { StudentSystem = columns.StudentSystem, Row = row.Fields }, answer);
    }

    private List<JsonObject> Block(int first, int count, CancellationToken stop)
    {
        EvalQuestion[] block = [.. questions.Skip(first).Take(count)];
        SamplingRequest[] requests = [.. block.Select((question, i) => new SamplingRequest(
            model.Tokenizer.Encode(format.StudentPrompt(question.Task), addSpecialTokens: false).Ids,
            [.. Enumerable.Range(0, config.Samples).Select(sample => RandomStream.Key(config.Seed, first + i, sample))]))];
        Sample[][] samples = _engine.Run(requests, stop: stop);
        return [.. block.SelectMany((question, i) => samples[i].Select((sample, k) => Row(first + i, k, question, sample)))];
    }

    private JsonObject Row(int index, int sampleIndex, EvalQuestion question, Sample sample)
    {
        string response = model.Tokenizer.Decode(sample.Finish == FinishReason.Stop ? sample.Ids[..^1] : sample.Ids);
        Verdict verdict = AnswerGrader.Grade(question.Answer, response, GradingOptions.Default with { StatedOnly = sample.Finish != FinishReason.Stop });
        return new JsonObject
        {
            ["index"] = index,
            ["sample"] = sampleIndex,
            ["question"] = question.Task.Question,
            ["answer"] = question.Answer,
            ["response"] = response,
            ["extracted"] = verdict.Extracted,
            ["correct"] = verdict.Correct,
            ["finish_reason"] = sample.Finish == FinishReason.Stop ? "stop" : "length",
            ["tokens"] = sample.Ids.Length,
        };
    }

    // Questions are the independent units: the interval is of the mean over questions of each one's share of right samples.
    private JsonObject Summary(List<JsonObject> rows)
    {
        double[] perQuestion = [.. rows.Chunk(config.Samples).Select(samples => samples.Average(row => row["correct"]!.GetValue<bool>() ? 1.0 : 0))];
        double accuracy = perQuestion.Average();
        double deviation = perQuestion.Length < 2 ? 0 : Math.Sqrt(perQuestion.Sum(p => (p - accuracy) * (p - accuracy)) / (perQuestion.Length - 1));
        return new JsonObject
        {
            ["model"] = config.Model,
            ["data"] = config.Data,
            ["questions"] = perQuestion.Length,
            ["samples"] = config.Samples,
            ["accuracy"] = accuracy,
            ["accuracy_95"] = Normal95 * deviation / Math.Sqrt(perQuestion.Length),
            ["truncated"] = rows.Average(row => row["finish_reason"]!.GetValue<string>() == "length" ? 1.0 : 0),
            ["no_answer"] = rows.Average(row => row["extracted"] is null ? 1.0 : 0),
            ["mean_tokens"] = rows.Average(row => row["tokens"]!.GetValue<int>()),
        };
    }

    private List<JsonObject> Earlier(string path)
    {
        IReadOnlyList<JsonObject> earlier = RunRows.Read(path);
        List<JsonObject> rows = [.. earlier.Take(earlier.Count / config.Samples * config.Samples)];
        JsonLines.Write(path, rows);
        return rows;
    }
}
