using System.Globalization;
using System.Text.Json.Nodes;
using Rlt.Generation;
using Rlt.Models;
using Rlt.Runs;
using Rlt.Statistics;
using Rlt.Teaching.Rewards;

namespace Rlt.Teaching.Collection;

/// <summary>Writes a teacher's explanations of a question set to a file, block by block, in the questions' order.</summary>
public sealed class TraceCollector(
    CollectConfig config, LanguageModel teacher, LanguageModel? student, IReadOnlyList<TeachingTask> tasks, TeachingFormat format)
{
    private readonly Explainer _explainer = new(teacher, format, new SamplingOptions
    {
        Temperature = config.Temperature, TopP = config.TopP, MaxNewTokens = config.MaxNewTokens, MaxRows = config.SamplingRows,
    });

    private readonly ExplanationScorer? _scorer = student is null
        ? null
        : new(format, teacher, student, config.Reward ?? new RewardOptions(), config.ScoringTokens);

    /// <summary>The traces' name in the run's folder.</summary>
    public const string FileName = "traces.jsonl";

    /// <summary>Is told how far a phase of a block has come; made anew for each.</summary>
    public Func<string, WorkProgress>? During { get; init; }

    /// <summary>Collects, going on after the last whole block of an earlier run.</summary>
    /// <param name="traces">Where the traces go.</param>
    /// <param name="progress">Called after each block with questions done and metrics.</param>
    /// <param name="stop">Ends the work after the block.</param>
    public void Run(BlockRows traces, Action<int, JsonObject> progress, CancellationToken stop)
    {
        while (traces.Done < tasks.Count)
        {
            stop.ThrowIfCancellationRequested();
            int count = Math.Min(config.BlockSize, tasks.Count - traces.Done);
            (List<JsonObject> rows, JsonObject metrics) = Block(traces.Done, count);
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
        if (_scorer is null || blocks.Count == 0)
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
        ulong[][] streams = [.. block.Select((_, i) => Enumerable.Range(0, config.Samples).Select(s => RandomStream.Key(config.Seed, first + i, s)).ToArray())];
        IReadOnlyList<Explanation> explanations = _explainer.Explain(block, streams, progress: During?.Invoke("sample"));
        IReadOnlyList<ScoredExplanation>? scores = _scorer?.Score(explanations, During?.Invoke("score"));
        var rows = new List<JsonObject>();
        for (int i = 0; i < block.Length; i++)
        {
            int[] usable = [.. Enumerable.Range(i * config.Samples, config.Samples).Where(k => IsUsable(explanations[k]))];
            int[] kept = config.Keep switch
            {
                TraceChoice.All => usable,
                TraceChoice.Best => [.. usable.OrderByDescending(k => scores![k].Reward.Total).Take(1)],
                _ => [.. usable.Take(1)],
            };
            rows.AddRange(kept.Length == 0 ? [Row(first + i, block[i], null, null)] : kept.Select(k => Row(first + i, block[i], explanations[k], scores?[k])));
        }

        return (rows, Metrics(explanations, scores, rows));
    }

    private bool IsUsable(Explanation explanation) => format.Explanation(explanation.Text) is (var text, true) && !string.IsNullOrWhiteSpace(text);

    private JsonObject Row(int index, TeachingTask task, Explanation? explanation, ScoredExplanation? scored)
    {
        var row = (JsonObject)task.Row.DeepClone();
        row["index"] = index;
        row["question"] = task.Question;
        row["solution"] = task.Solution;
        if (task.StudentSystem is { } system)
        {
            row["student_system"] = system;
        }

        if (explanation is null)
        {
            row["dropped"] = "no explanation that has its closing tag and is not empty";
            row.Remove("explanation");
            return row;
        }

        row["explanation"] = format.Format.Padding + format.Explanation(explanation.Text).Explanation;
        row["explanation_tokens"] = explanation.Sample.Ids.Length;
        scored?.AddTo(row);
        return row;
    }

    private JsonObject Metrics(IReadOnlyList<Explanation> explanations, IReadOnlyList<ScoredExplanation>? scores, List<JsonObject> rows)
    {
        var metrics = new JsonObject
        {
            ["traces"] = rows.Count(row => !row.ContainsKey("dropped")),
            ["dropped"] = rows.Count(row => row.ContainsKey("dropped")),
            ["explanation_tokens"] = explanations.Average(e => e.Sample.Ids.Length),
            ["truncated"] = explanations.Count(e => e.Sample.Finish == FinishReason.Length) / (double)explanations.Count,
            ["empty"] = explanations.Count(e => string.IsNullOrWhiteSpace(format.Explanation(e.Text).Explanation)) / (double)explanations.Count,
        };
        if (scores is not null)
        {
            // Of all explanations, which tells how good the teacher is, and of those kept, which tells how good the traces are.
            metrics["reward"] = scores.Average(score => score.Reward.Total);
            double[] kept = [.. rows.Where(row => row.ContainsKey("reward") && !row.ContainsKey("dropped")).Select(row => (double)row["reward"]!)];
            if (kept.Length > 0)
            {
                metrics["reward_kept"] = kept.Average();
            }
        }

        return metrics;
    }
}
