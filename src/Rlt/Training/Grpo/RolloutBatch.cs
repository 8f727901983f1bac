using Rlt.Models;

namespace Rlt.Training.Grpo;

/// <summary>The rollouts of a step, group after group.</summary>
/// <param name="Rollouts">The rollouts.</param>
/// <param name="GroupSize">Rollouts of a question.</param>
/// <typeparam name="T">What is known of a rollout.</typeparam>
internal sealed record RolloutBatch<T>(IReadOnlyList<T> Rollouts, int GroupSize)
    where T : Rollout
{
    // Rewards of a group that differ by less than this are alike.
    private const double Spread = 1e-6;

    /// <summary>How many groups there are.</summary>
    public int Groups => Rollouts.Count / GroupSize;

    /// <summary>The rollouts as the policy learns them.</summary>
    public TokenSequence[] Sequences { get; } = [.. Rollouts.Select(rollout => rollout.Sequence)];

    /// <summary>The rollouts' rewards.</summary>
    public double[] Rewards { get; } = [.. Rollouts.Select(rollout => rollout.Reward)];

    /// <summary>Each group's standard deviation of rewards.</summary>
    public float[] Deviations() => Rollouts.Count == 0 ? [] : GroupAdvantage.Deviations(Rewards, GroupSize);

    /// <summary>Whether a group's rewards are all alike, so that it teaches nothing.</summary>
    public static bool IsFlat(float deviation) => deviation < Spread;

    /// <summary>Only the groups whose rewards differ.</summary>
    public RolloutBatch<T> WithSpread()
    {
        float[] deviations = Deviations();
        return new RolloutBatch<T>([.. Rollouts.Where((_, i) => !IsFlat(deviations[i / GroupSize]))], GroupSize);
    }

    /// <summary>This batch and another.</summary>
    public RolloutBatch<T> Add(RolloutBatch<T> other) => new([.. Rollouts, .. other.Rollouts], GroupSize);
}
