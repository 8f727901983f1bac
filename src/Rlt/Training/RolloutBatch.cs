using Rlt.Models;

namespace Rlt.Training;

/// <summary>The rollouts of a step, group after group, with their advantages.</summary>
/// <param name="Rollouts">The rollouts.</param>
/// <param name="Advantages">Their advantages within their groups.</param>
/// <typeparam name="T">What is known of a rollout.</typeparam>
internal sealed record RolloutBatch<T>(IReadOnlyList<T> Rollouts, float[] Advantages)
    where T : Rollout
{
    // Rewards of a group that differ by less than this are alike.
    private const double Spread = 1e-6;

    /// <summary>The rollouts as the policy learns them.</summary>
    public TokenSequence[] Sequences { get; } = [.. Rollouts.Select(rollout => rollout.Sequence)];

    /// <summary>The rollouts' rewards.</summary>
    public double[] Rewards { get; } = [.. Rollouts.Select(rollout => rollout.Reward)];

    /// <summary>Each group's standard deviation of rewards.</summary>
    public float[] Deviations(int groupSize) => Rollouts.Count == 0 ? [] : GroupAdvantage.Deviations(Rewards, groupSize);

    /// <summary>Whether a group's rewards are all alike, so that it teaches nothing.</summary>
    public static bool IsFlat(float deviation) => deviation < Spread;

    /// <summary>Only the groups whose rewards differ.</summary>
    public RolloutBatch<T> WithSpread(int groupSize)
    {
        float[] deviations = Deviations(groupSize);
        int[] kept = [.. Enumerable.Range(0, Rollouts.Count).Where(i => !IsFlat(deviations[i / groupSize]))];
        return new RolloutBatch<T>([.. kept.Select(i => Rollouts[i])], [.. kept.Select(i => Advantages[i])]);
    }

    /// <summary>This batch and another.</summary>
    public RolloutBatch<T> Add(RolloutBatch<T> other) => new([.. Rollouts, .. other.Rollouts], [.. Advantages, .. other.Advantages]);
}
