using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Evaluation.Protocols;
using Rlt.Evaluation.Questions;
using Rlt.Files;
using Rlt.Grading;
using Rlt.Runs;
using Rlt.Text.Chat;

namespace Rlt.Evaluation;

/// <summary>Asks a model questions, grades its answers, and writes one row a sample and a summary.</summary>
/// <remarks>
/// Benchmarks are in <c>Questions</c>, scoring in <c>Protocols</c> and <c>Grading</c>, servers in <c>Serving</c>, figures in <c>Statistics</c>.
/// </remarks>
public sealed class Evaluator(
    EvalConfig config, EvalSampling sampling, BenchmarkDefinition benchmark, IReadOnlyList<EvalQuestion> questions, IAnswerSource source)
{
    /// <summary>The results' name in the run's folder.</summary>
    public const string FileName = "results.jsonl";

    /// <summary>The summary's name in the run's folder.</summary>
    public const string SummaryName = "summary.json";

    /// <summary>The name of the page of failures in the run's folder.</summary>
    public const string PageName = "failures.html";

    private int _closedOnly;
    private int _bare;

    /// <summary>The part of the questions that is asked.</summary>
    public Shard Shard { get; init; } = Shard.Whole;

    /// <summary>Is told, before anything is asked, how many answers of an earlier run are kept.</summary>
    public Action<int>? Began { get; init; }

    /// <summary>What a user should know of the responses of this run; null for nothing.</summary>
    public string? Warning => _closedOnly == 0 || _bare == 0 ? null
        : $"{_closedOnly} responses close a thought that they do not open, and {_bare} have neither tag: "
            + $"where the model's template opens the thought, set thought_opened: true, and those {_bare} are no answers";

    private (int First, int Count) Range => Shard.Of(questions.Count);

    /// <summary>Reads a file of questions.</summary>
    /// <param name="source">The file.</param>
    /// <param name="benchmark">How its rows become questions; null: as they stand.</param>
    /// <exception cref="DataException">There is no row, or too many have no question, or neither an answer nor a solution that boxes one.</exception>
    public static UsableRows<EvalQuestion> Read(DataSource source, BenchmarkDefinition? benchmark = null)
    {
        benchmark ??= BenchmarkDefinition.Plain;
        FieldNames fields = source.Fields.Over(benchmark.Fields);
        return (source with { Fields = fields }).Read("'question' and 'answer'", new QuestionRow(benchmark, fields).Read);
    }

    /// <summary>Evaluates, going on where an earlier run stopped, and writes rows, summary and page.</summary>
    /// <param name="folder">The run's directory.</param>
    /// <param name="progress">Called as questions are done, with their number and the accuracy so far.</param>
    /// <param name="stop">Ends the work; a block of questions under way is then done again.</param>
    /// <returns>The summary.</returns>
    public JsonObject Run(RunFolder folder, Action<int, JsonObject> progress, CancellationToken stop)
    {
        string path = Path.Combine(folder.Path, FileName);
        List<JsonObject> rows = Earlier(path);
        HashSet<(int, int)> done = [.. rows.Select(EvalRow.Key)];
        IEnumerable<AnswerRequest> requests = Enumerable.Range(Range.First, Range.Count).SelectMany(index =>
            Enumerable.Range(0, sampling.Samples).Select(sample => new AnswerRequest(index, sample, questions[index])));
        Began?.Invoke(rows.Count);
        int right = rows.Count(EvalRow.IsCorrect), told = rows.Count / sampling.Samples;
        source.Answer([.. requests.Where(request => !done.Contains((request.Index, request.Sample)))], answers =>
        {
            List<JsonObject> added = [.. answers.Select(Row)];
            RunRows.Append(path, added);
            rows.AddRange(added);
            right += added.Count(EvalRow.IsCorrect);
            if (rows.Count / sampling.Samples is var whole && whole > told)
            {
                told = whole;
                progress(whole, new JsonObject { ["step"] = whole, ["accuracy"] = (double)right / rows.Count });
            }
        }, stop);
        return Finish(folder, config, sampling, [.. rows.OrderBy(EvalRow.Key)]);
    }

    /// <summary>Writes the results of all questions, in their order, with the summary and the page.</summary>
    public static JsonObject Finish(RunFolder folder, EvalConfig config, EvalSampling sampling, IReadOnlyList<JsonObject> rows)
    {
        JsonLines.Write(Path.Combine(folder.Path, FileName), rows);
        JsonObject summary = EvalSummary.Of(config, sampling, rows);
        AtomicFile.WriteText(Path.Combine(folder.Path, PageName), FailurePage.Html(summary, rows, sampling.Samples));
        AtomicFile.WriteText(Path.Combine(folder.Path, SummaryName), summary.ToJsonString(new() { WriteIndented = true }) + "\n");
        return summary;
    }

    private JsonObject Row(SampledAnswer answer)
    {
        EvalQuestion question = answer.Request.Question;
        string opened = OpenedThought(answer);
        if (opened.Length == 0 && config.ThoughtOpened is null && answer.Refusal is null)
        {
            _closedOnly += ThoughtTags.ClosesOnly(answer.Text) ? 1 : 0;
            _bare += ThoughtTags.IsBare(answer.Text) ? 1 : 0;
        }

        Verdict verdict = answer.Refusal is null
            ? config.Protocol.Grade(benchmark.Answer, question, opened + answer.Text, answer.Truncated)
            : new Verdict(false, null);
        var row = new JsonObject { ["index"] = answer.Request.Index, ["sample"] = answer.Request.Sample, ["id"] = question.Id };
        if (!benchmark.Hidden || config.ShowQuestions)
        {
            // A response repeats what it was asked.
            row["question"] = question.Task.Question;
            row["prompt"] = question.Prompt;
            row["system"] = question.System;
            row["response"] = answer.Text;
            if (opened.Length > 0)
            {
                row["thought_opened"] = opened;
            }
        }

        row["answer"] = question.Answer;
        row["extracted"] = verdict.Extracted;
        row["correct"] = verdict.Correct;
        row["finish_reason"] = answer.Refusal ?? (answer.Truncated ? "length" : "stop");
        row["tokens"] = answer.Tokens;
        return row;
    }

    private string OpenedThought(SampledAnswer answer) => config.ThoughtOpened switch
    {
        false => "",
        true when answer.OpenedThought.Length == 0 => ThoughtTags.UsualOpening,
        _ => answer.OpenedThought,
    };

    // How many questions of a block are this shard's.
    private int Asked(int first, int count) => Math.Min(first + count, Range.First + Range.Count) - Math.Max(first, Range.First);

    // A half-written row is left out; where samples are drawn by blocks, so is a block that is not whole.
    private List<JsonObject> Earlier(string path)
    {
        JsonObject[] rows = [.. RunRows.Read(path).DistinctBy(EvalRow.Key)
            .Where(row => EvalRow.Key(row) is var (index, sample) && index >= Range.First && index < Range.First + Range.Count
                && sample >= 0 && sample < sampling.Samples)];
        if (rows.FirstOrDefault(row => row["id"] is not null && EvalRow.Id(row) != questions[EvalRow.Key(row).Index].Id) is { } other)
        {
            throw new DataException($"{path}: question {other["index"]} was '{other["id"]}' and is '{questions[EvalRow.Key(other).Index].Id}' now: "
                + "the data has changed since. Choose another --out.");
        }

        List<JsonObject> kept = source.BlockQuestions is { } size
            ? [.. rows.GroupBy(row => EvalRow.Key(row).Index / size)
                .Where(block => block.Count() == Asked(block.Key * size, size) * sampling.Samples).SelectMany(block => block)]
            : [.. rows];
        JsonLines.Write(path, kept);
        return kept;
    }
}
