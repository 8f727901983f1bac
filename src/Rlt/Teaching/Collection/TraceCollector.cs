using System.Globalization;
using System.Text.Json.Nodes;
using Rlt.Distributed;
using Rlt.Generation;
using Rlt.Models;
using Rlt.Runs;
using Rlt.Statistics;
using Rlt.Teaching.Rewards;

namespace Rlt.Teaching.Collection;

/// <summary>Writes explanations of tasks: given the tasks, the first one's place in the data, and who is told how far the work has come.</summary>
public delegate IReadOnlyList<Explanation> ExplanationSource(IReadOnlyList<TeachingTask> tasks, int first, WorkProgress? progress);

/// <summary>Writes a teacher's explanations of a question set to a file, block by block, in the questions' order.</summary>
/// <param name="config">The collection.</param>
/// <param name="explain">The teacher.</param>
/// <param name="scorer">Scores the explanations; null for none.</param>
/// <param name="tasks">The questions.</param>
/// <param name="format">The teacher's and the student's texts.</param>
public sealed class TraceCollector(
    CollectConfig config, ExplanationSource explain, ExplanationScorer? scorer, IReadOnlyList<TeachingTask> tasks, TeachingFormat format)
{
    private readonly JsonObject _origin = TraceOrigin.Of(config);

    /// <summary>The traces' name in the run's folder.</summary>
    public const string FileName = "traces.jsonl";

    private const string Empty = "no explanation that has its closing tag and is not empty";

    /// <summary>The teacher in this process.</summary>
    public static ExplanationSource Engine(CollectConfig config, LanguageModel teacher, TeachingFormat format)
    {
        var explainer = new Explainer(teacher, format, new SamplingOptions
        {
            Temperature = config.Temperature, TopP = config.TopP, MaxNewTokens = config.MaxNewTokens, MaxRows = config.SamplingRows,
        });
        return (tasks, first, progress) => explainer.Explain(
            tasks,
            [.. tasks.Select((_, i) => Enumerable.Range(0, config.Samples).Select(sample => RandomStream.Key(config.Seed, first + i, sample)).ToArray())],
            progress);
    }

    /// <summary>The scorer of a collection; null where there is no student.</summary>
    public static ExplanationScorer? Scorer(CollectConfig config, LanguageModel? teacher, LanguageModel? student, TeachingFormat format) => student is null
        ? null
        : new ExplanationScorer(format, teacher!, student, config.Reward ?? new RewardOptions(), config.ScoringTokens);

    /// <summary>The part of the questions that is collected.</summary>
    public Shard Shard { get; init; } = Shard.Whole;

    /// <summary>Is told how far a phase of a block has come; made anew for each.</summary>
    public Func<string, WorkProgress>? During { get; init; }

    /// <summary>Collects, going on after the last whole block of an earlier run.</summary>
    /// <param name="traces">Where the traces go.</param>
    /// <param name="progress">Called after each block with questions done and metrics.</param>
    /// <param name="stop">Ends the work after the block.</param>
    public void Run(BlockRows traces, Action<int, JsonObject> progress, CancellationToken stop)
    {
        (int start, int questions) = Shard.Of(tasks.Count);
        while (traces.Done < questions)
        {
            Sharding.OfProcess.Ranks.ThrowIfStopped(stop);
            int count = Math.Min(config.BlockSize, questions - traces.Done);
            (List<JsonObject> rows, JsonObject metrics) = Block(start + traces.Done, count);
            traces.Add(count, rows, metrics);
            progress(traces.Done, metrics);
        }
    }

    /// <summary>The mean rewards of a collection, for people: of all explanations, and of those that were kept; null where nothing was scored.</summary>
    /// <param name="traces">The rows of the traces' file.</param>
    /// <param name="blocks">The rows of metrics.jsonl.</param>
    public string? MeanRewards(IReadOnlyList<JsonObject> traces, IReadOnlyList<JsonObject> blocks)
    {
        JsonObject[] kept = [.. traces.Where(row => !row.ContainsKey("dropped"))];
        if (scorer is null || blocks.Count == 0)
        {
            return null;
        }

        double sum = 0;
        long questions = 0;
        foreach (JsonObject block in blocks)
        {
            long done = RunRows.Count(RunFolder.MetricsFile, block, "step");
            sum += RunRows.Number(RunFolder.MetricsFile, block, "reward") * (done - questions);
            questions = done;
        }

        string all = string.Create(CultureInfo.InvariantCulture, $"mean reward: {sum / questions:G4} of all {questions * config.Samples} explanations");
        double[] rewards = [.. kept.Select(row => RunRows.Number(FileName, row, "reward"))];
        return rewards.Length == 0
            ? $"{all}; none was kept"
            : string.Create(CultureInfo.InvariantCulture, $"{all}, {rewards.Average():G4} of the {rewards.Length} kept");
    }

    // A question whose explanations all lack the closing tag or any word leaves a row without a trace, so that the file says what is missing.
    private (List<JsonObject> Rows, JsonObject Metrics) Block(int first, int count)
    {
        TeachingTask[] block = [.. tasks.Skip(first).Take(count)];
        IReadOnlyList<Explanation> explanations = explain(block, first, During?.Invoke("sample"));
        TeachingCase?[]? cases = scorer is null ? null : [.. explanations.Select(explanation => scorer.CaseThatFits(explanation.Task, explanation.Text))];
        string?[] unusable = [.. explanations.Select((explanation, k) => Unusable(explanation.Text, isTooLong: cases is not null && cases[k] is null))];
        ScoredExplanation?[]? scores = cases is null ? null : Scored(cases);
        var rows = new List<JsonObject>();
        for (int i = 0; i < block.Length; i++)
        {
            int[] all = [.. Enumerable.Range(i * config.Samples, config.Samples)];
            IEnumerable<JsonObject> usable = all.Where(k => unusable[k] is null)
                .Select(k => Row(first + i, block[i], k - all[0], explanations[k], scores?[k]));
            JsonObject[] kept = config.Keep switch
            {
                TraceChoice.All => [.. usable],
                TraceChoice.Best => [.. usable.OrderByDescending(row => config.BestBy.Worth(Runs.Metrics.Number(row[config.BestBy.Field()]!))).Take(1)],
                _ => [.. usable.Take(1)],
            };
            rows.AddRange(kept.Length > 0 ? kept
                : [Dropped(first + i, block[i], all.Select(k => unusable[k]).FirstOrDefault(why => why != Empty) ?? Empty)]);
        }

        return (rows, Metrics(explanations, scores, rows));
    }

    private ScoredExplanation?[] Scored(TeachingCase?[] cases)
    {
        var scores = new Queue<ScoredExplanation>(scorer!.Score([.. cases.OfType<TeachingCase>()], During?.Invoke("score")));
        return [.. cases.Select(one => one is null ? null : scores.Dequeue())];
    }

    private string? Unusable(string completion, bool isTooLong) =>
        format.Explanation(completion) is not (var text, true) || string.IsNullOrWhiteSpace(text) ? Empty
            : isTooLong ? "no explanation that fits the models' contexts" : null;

    private static JsonObject Dropped(int index, TeachingTask task, string why)
    {
        JsonObject row = Row(index, task);
        row["dropped"] = why;
        row.Remove("explanation");
        return row;
    }

    private JsonObject Row(int index, TeachingTask task, int sample, Explanation explanation, ScoredExplanation? scored)
    {
        JsonObject row = Row(index, task);
        row["explanation"] = format.Format.Padding + format.Explanation(explanation.Text).Explanation;
        row[TraceMeasure.Length.Field()] = explanation.Sample.Ids.Length;
        scored?.AddAllTo(row, config.SurpriseWindow);
        row["origin"] = _origin.DeepClone();
        row["origin"]!["sample"] = sample;
        return row;
    }

    private static JsonObject Row(int index, TeachingTask task)
    {
        var row = (JsonObject)task.Row.DeepClone();
        row["index"] = index;
        row["question"] = task.Question;
        row["solution"] = task.Solution;
        if (task.StudentSystem is { } system)
        {
            row["student_system"] = system;
        }

        return row;
    }

    private JsonObject Metrics(IReadOnlyList<Explanation> explanations, ScoredExplanation?[]? scores, List<JsonObject> rows)
    {
        var metrics = new JsonObject
        {
            ["traces"] = rows.Count(row => !row.ContainsKey("dropped")),
            ["dropped"] = rows.Count(row => row.ContainsKey("dropped")),
            ["explanation_tokens"] = explanations.Average(e => e.Sample.Ids.Length),
            ["truncated"] = explanations.Count(e => e.Sample.Finish == FinishReason.Length) / (double)explanations.Count,
            ["empty"] = explanations.Count(e => string.IsNullOrWhiteSpace(format.Explanation(e.Text).Explanation)) / (double)explanations.Count,
        };
        if (scores?.OfType<ScoredExplanation>().ToArray() is { Length: > 0 } scored)
        {
            // Of all explanations, which tells how good the teacher is, and of those kept, which tells how good the traces are.
            metrics["reward"] = scored.Average(score => score.Reward.Total);
            double[] kept = [.. rows.Where(row => row.ContainsKey("reward") && !row.ContainsKey("dropped")).Select(row => (double)row["reward"]!)];
            if (kept.Length > 0)
            {
                metrics["reward_kept"] = kept.Average();
            }
        }

        return metrics;
    }
}
