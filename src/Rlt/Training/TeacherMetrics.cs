using System.Text.Json.Nodes;
using Rlt.Generation;
using Rlt.Teaching;

namespace Rlt.Training;

/// <summary>What one GRPO step tells: the reward and each of its parts, lengths, truncation, and the guards against silent failure.</summary>
internal static class TeacherMetrics
{
    /// <summary>The metrics of a step's rollouts.</summary>
    public static JsonObject Of(
        int step, RolloutBatch batch, int groupSize, TeachingFormat format, float[][] logProbs, float[][]? referenceLogProbs)
    {
        (IReadOnlyList<Explanation> rollouts, IReadOnlyList<ScoredCase> scores, _, _) = batch;
        Reward[] rewards = [.. scores.Select(score => score.Reward)];
        float[] deviations = GroupAdvantage.Deviations([.. rewards.Select(reward => reward.Total)], groupSize);
        var metrics = new JsonObject
        {
            ["step"] = step,
            ["reward"] = rewards.Average(reward => reward.Total),
            ["reward_std"] = deviations.Average(),
            ["solution_score"] = rewards.Average(reward => reward.SolutionScore),
            ["solution_score_std"] = Spread(reward => reward.SolutionScore),
            ["solution_mean"] = rewards.Average(reward => reward.SolutionMean),
            ["solution_min"] = rewards.Average(reward => reward.SolutionMin),
            ["think_kl"] = rewards.Average(reward => reward.ThinkKl),
            ["think_kl_std"] = Spread(reward => reward.ThinkKl),
            ["kl_mean"] = rewards.Average(reward => reward.KlMean),
            ["kl_max"] = rewards.Average(reward => reward.KlMax),
            ["match"] = rewards.Average(reward => reward.Match),
            ["penalty"] = rewards.Average(reward => reward.Penalty),
            ["completion_tokens"] = rollouts.Average(rollout => rollout.Sample.Ids.Length),
            ["truncated"] = Share(rollouts, rollout => rollout.Sample.Finish == FinishReason.Length),
            ["empty"] = Share(rollouts, rollout => string.IsNullOrWhiteSpace(format.Explanation(rollout.Text).Explanation)),
            ["missing_tag"] = Share(rollouts, rollout => !format.Explanation(rollout.Text).Closed),
            ["leaks_early"] = scores.Average(score => score.Signs.LeaksEarly),
            ["copies_solution"] = scores.Average(score => score.Signs.CopiesSolution),
            ["repetition"] = scores.Average(score => score.Signs.Repetition),
            ["zero_spread_groups"] = deviations.Count(deviation => deviation < 1e-6) / (double)deviations.Length,
            ["sampler_difference"] = rollouts.Select((rollout, i) => Difference(rollout.Sample.LogProbs, logProbs[i])).Max(),
        };
        Distribution.AddTo(metrics, "reward", rewards.Select(reward => reward.Total));
        Distribution.AddTo(metrics, "solution_score", rewards.Select(reward => reward.SolutionScore));
        Distribution.AddTo(metrics, "think_kl", rewards.Select(reward => reward.ThinkKl));
        Distribution.AddTo(metrics, "completion_tokens", rollouts.Select(rollout => (double)rollout.Sample.Ids.Length));
        if (referenceLogProbs is not null)
        {
            metrics["kl_reference"] = logProbs.Zip(referenceLogProbs).Average(pair => MeanK3(pair.First, pair.Second));
        }

        return metrics;

        // As reward_std: what tells explanations of one question apart, and so which part drives the advantages.
        double Spread(Func<Reward, double> part) => GroupAdvantage.Deviations([.. rewards.Select(part)], groupSize).Average();
    }

    private static double Share(IReadOnlyList<Explanation> rollouts, Func<Explanation, bool> counts) => rollouts.Count(counts) / (double)rollouts.Count;

    private static double Difference(float[] sampled, float[] trained) =>
        sampled.Zip(trained, (a, b) => Math.Abs((double)a - b)).DefaultIfEmpty().Max();

    private static double MeanK3(float[] policy, float[] reference) =>
        policy.Zip(reference, (p, r) => Math.Exp((double)r - p) - ((double)r - p) - 1).DefaultIfEmpty().Average();
}
