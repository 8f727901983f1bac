using System.Text.Json.Nodes;
using Rlt.Models;
using Rlt.Teaching;
using Rlt.Teaching.Rewards;
using Rlt.Training.Grpo;

namespace Rlt.Training.Teacher;

/// <summary>Writes explanations: for each task as many as there are streams, task by task.</summary>
internal delegate IReadOnlyList<Explanation> Explain(IReadOnlyList<TeachingTask> tasks, IReadOnlyList<ulong[]> streams);

/// <summary>GRPO's task of a teacher: explanations, rewarded by a frozen student.</summary>
internal sealed class TeachingGrpo(
    TeacherConfig config, LanguageModel policy, LanguageModel student, IReadOnlyList<TeachingTask> tasks, TeachingFormat format, Explain explain) : IGrpoTask<TeachingRollout>
{
    private readonly RewardScorer _scorer = new(policy.Decoder, student.Decoder, config.Reward, config.ScoringTokens);

    /// <inheritdoc/>
    public int Count => tasks.Count;

    /// <inheritdoc/>
    public IReadOnlyList<TeachingRollout> Draw(IReadOnlyList<int> questions, IReadOnlyList<ulong[]> streams, PhaseClock phases)
    {
        IReadOnlyList<Explanation> explanations = explain([.. questions.Select(question => tasks[question])], streams);
        phases.End("sample", explanations.Sum(explanation => explanation.Sample.Ids.Length));
        TeachingCase[] cases = [.. explanations.Select(e => TeachingCase.Build(format, e.Task, e.Text, policy.Tokenizer, student.Tokenizer))];
        IReadOnlyList<ScoredCase> scores = _scorer.Score(cases);
        phases.End("score", cases.Sum(c => (long)c.Teacher.Ids.Length + c.Student.Ids.Length));
        return [.. explanations.Select((explanation, i) => new TeachingRollout(explanation, cases[i], scores[i]))];
    }

    /// <inheritdoc/>
    public void AddMetrics(JsonObject metrics, RolloutBatch<TeachingRollout> batch) => TeacherMetrics.AddTo(metrics, batch.Rollouts, config.GroupSize, format);

    /// <summary>Adds what each token was worth in <c>details</c>; the solution's likelihood without an explanation too, so that one sees what it adds.</summary>
    public void AddDetails(IReadOnlyList<JsonObject> rows, IReadOnlyList<TeachingRollout> rollouts)
    {
        TeachingCase[] unexplained = [.. rollouts.Select(rollout => TokenDetails.Unexplained(format, rollout.Task, policy.Tokenizer, student.Tokenizer))];
        float[][] without = _scorer.Solutions(unexplained);
        for (int i = 0; i < rows.Count; i++)
        {
            var details = new JsonObject();
            TokenDetails.AddTo(details, rollouts[i].Case, rollouts[i].Score, unexplained[i], without[i]);
            rows[i]["details"] = details;
        }
    }
}
