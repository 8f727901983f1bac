using System.Text.Json.Nodes;
using Rlt.Teaching.Rewards;

namespace Rlt.Training.Grpo;

/// <summary>What every GRPO step tells, whatever is rewarded: reward and its spread, lengths, truncation, and the guards against silent failure.</summary>
internal static class GrpoMetrics
{
    /// <summary>Adds the figures of a step's rollouts.</summary>
    /// <param name="metrics">The step's row.</param>
    /// <param name="batch">The rollouts.</param>
    /// <param name="logProbs">Their tokens' log-probabilities under the policy that learns them.</param>
    /// <param name="referenceLogProbs">And under the reference; null for none.</param>
    public static void AddTo<T>(JsonObject metrics, RolloutBatch<T> batch, float[][] logProbs, float[][]? referenceLogProbs)
        where T : Rollout
    {
        float[] deviations = batch.Deviations();
        metrics["reward"] = batch.Rewards.Average();
        metrics["reward_std"] = deviations.Average();
        metrics["completion_tokens"] = batch.Rollouts.Average(rollout => rollout.Sample.Ids.Length);
        metrics["truncated"] = batch.Rollouts.Count(rollout => rollout.IsTruncated) / (double)batch.Rollouts.Count;
        metrics["zero_spread_groups"] = deviations.Count(RolloutBatch<T>.IsFlat) / (double)deviations.Length;
        metrics["sampler_difference"] = batch.Rollouts.Select((rollout, i) => Difference(rollout.Sample.LogProbs, logProbs[i])).Max();
        Distribution.AddTo(metrics, "reward", batch.Rewards);
        Distribution.AddTo(metrics, "completion_tokens", batch.Rollouts.Select(rollout => (double)rollout.Sample.Ids.Length));
        if (referenceLogProbs is not null)
        {
            metrics["kl_reference"] = logProbs.Zip(referenceLogProbs).Average(pair => MeanK3(pair.First, pair.Second));
        }
    }

    private static double Difference(float[] sampled, float[] trained) =>
        sampled.Zip(trained, (a, b) => Math.Abs((double)a - b)).DefaultIfEmpty().Max();

    private static double MeanK3(float[] policy, float[] reference) =>
        policy.Zip(reference, (p, r) => Reward.SchulmanKl((double)p - r)).DefaultIfEmpty().Average();
}
