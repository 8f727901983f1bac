using System.Text.Json.Nodes;
using Rlt.Teaching;
using Rlt.Teaching.Rewards;
using Rlt.Training.Grpo;

namespace Rlt.Training.Teacher;

/// <summary>What a teacher's step tells beside GRPO's own figures: each part of the RLT reward, and the signs of explanations that game it.</summary>
internal static class TeacherMetrics
{
    /// <summary>Adds the figures of a step's explanations.</summary>
    public static void AddTo(JsonObject metrics, IReadOnlyList<TeachingRollout> rollouts, int groupSize, TeachingFormat format)
    {
        Reward[] rewards = [.. rollouts.Select(rollout => rollout.Score.Reward)];
        ExplanationSigns[] signs = [.. rollouts.Select(rollout => rollout.Score.Signs)];
        (string Explanation, bool Closed)[] texts = [.. rollouts.Select(rollout => format.Explanation(rollout.Text))];
        metrics["solution_score"] = rewards.Average(reward => reward.SolutionScore);
        metrics["solution_score_std"] = Spread(reward => reward.SolutionScore);
        metrics["solution_mean"] = rewards.Average(reward => reward.SolutionMean);
        metrics["solution_min"] = rewards.Average(reward => reward.SolutionMin);
        metrics["think_kl"] = rewards.Average(reward => reward.ThinkKl);
        metrics["think_kl_std"] = Spread(reward => reward.ThinkKl);
        metrics["kl_mean"] = rewards.Average(reward => reward.KlMean);
        metrics["kl_max"] = rewards.Average(reward => reward.KlMax);
        metrics["match"] = rewards.Average(reward => reward.Match);
        metrics["penalty"] = rewards.Average(reward => reward.Penalty);
        metrics["empty"] = texts.Average(text => string.IsNullOrWhiteSpace(text.Explanation) ? 1.0 : 0);
        metrics["missing_tag"] = texts.Average(text => text.Closed ? 0 : 1.0);
        metrics["leaks_early"] = signs.Average(sign => sign.LeaksEarly);
        metrics["copies_solution"] = signs.Average(sign => sign.CopiesSolution);
        metrics["repetition"] = signs.Average(sign => sign.Repetition);
        Distribution.AddTo(metrics, "solution_score", rewards.Select(reward => reward.SolutionScore));
        Distribution.AddTo(metrics, "think_kl", rewards.Select(reward => reward.ThinkKl));

        // As reward_std: what tells explanations of one question apart, and so which part drives the advantages.
        double Spread(Func<Reward, double> part) => GroupAdvantage.Deviations([.. rewards.Select(part)], groupSize).Average();
    }
}
