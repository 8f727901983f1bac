using System.Text.Json.Nodes;
using Rlt.Models;
using Rlt.Statistics;
using Rlt.Teaching;
using Rlt.Teaching.Rewards;
using Rlt.Training.Grpo;

namespace Rlt.Training.Teacher;

/// <summary>Writes explanations: for each task as many as there are streams, task by task.</summary>
internal delegate IReadOnlyList<Explanation> Explain(IReadOnlyList<TeachingTask> tasks, IReadOnlyList<ulong[]> streams, WorkProgress progress);

/// <summary>GRPO's task of a teacher: explanations, rewarded by a student.</summary>
internal sealed class TeachingGrpo(
    TeacherConfig config, LanguageModel policy, LanguageModel student, IReadOnlyList<TeachingTask> tasks, TeachingFormat format, Explain explain)
    : IGrpoTask<TeachingRollout>
{
    private readonly ExplanationScorer _scorer = new(format, policy, student, config.Reward, config.ScoringTokens);

    /// <summary>The student as it follows the teacher; null where it is frozen.</summary>
    public LiveStudent? Live { get; init; }

    /// <inheritdoc/>
    public int Count => tasks.Count;

    /// <inheritdoc/>
    public IReadOnlyList<TeachingRollout> Draw(IReadOnlyList<int> questions, IReadOnlyList<ulong[]> streams, PhaseClock phases)
    {
        IReadOnlyList<Explanation> explanations = explain([.. questions.Select(question => tasks[question])], streams, phases.During("sample"));
        phases.End("sample", explanations.Sum(explanation => explanation.Sample.Ids.Length));
        IReadOnlyList<ScoredExplanation> scores = _scorer.Score(explanations, phases.During("score"));
        TeachingRollout[] rollouts = [.. explanations.Zip(scores, (explanation, scored) => new TeachingRollout(explanation, scored))];
        phases.End("score", rollouts.Sum(rollout => (long)rollout.Case.Teacher.Sequence.Ids.Length + rollout.Case.Student.Sequence.Ids.Length));
        return rollouts;
    }

    /// <inheritdoc/>
    public void AddMetrics(JsonObject metrics, RolloutBatch<TeachingRollout> batch) => TeacherMetrics.AddTo(metrics, batch.Rollouts, config.GroupSize);

    /// <inheritdoc/>
    public void Follow(int stepsDone, JsonObject metrics) => Live?.Follow(stepsDone, metrics);

    /// <summary>Adds the mean reward over questions.</summary>
    public void Measure(JsonObject metrics, IReadOnlyList<TeachingRollout[]> groups)
    {
        double[] rewards = [.. groups.Select(group => group.Average(rollout => rollout.Reward))];
        Validation.Add(metrics, BestMetric.HeldOutReward.Name, rewards.Average(), MeanInterval.Of(rewards));
    }

    /// <summary>Adds what each token was worth in <c>details</c>.</summary>
    public void AddDetails(IReadOnlyList<JsonObject> rows, IReadOnlyList<TeachingRollout> rollouts)
    {
        foreach ((JsonObject row, JsonObject details) in rows.Zip(_scorer.Details([.. rollouts.Select(rollout => rollout.Scored)])))
        {
            row["details"] = details;
        }
    }
}
