using Rlt.Models;
using Rlt.Teaching;

namespace Rlt.Training;

/// <summary>The explanations of a step, group after group, with their rewards and advantages.</summary>
/// <param name="Rollouts">The explanations.</param>
/// <param name="Scores">Their rewards.</param>
/// <param name="Cases">What of them was scored.</param>
/// <param name="Advantages">Their advantages within their groups.</param>
internal sealed record RolloutBatch(IReadOnlyList<Explanation> Rollouts, IReadOnlyList<ScoredCase> Scores, IReadOnlyList<TeachingCase> Cases, float[] Advantages)
{
    // Rewards of a group that differ by less than this are alike.
    private const double Spread = 1e-6;

    /// <summary>The rollouts as the policy learns them: prompt and drawn tokens, the drawn ones scored.</summary>
    public TokenSequence[] Sequences { get; } = [.. Rollouts.Select(r => new TokenSequence([.. r.Prompt, .. r.Sample.Ids], r.Prompt.Length))];

    /// <summary>Only the groups whose rewards differ.</summary>
    public RolloutBatch WithSpread(int groupSize)
    {
        float[] deviations = Rollouts.Count == 0 ? [] : GroupAdvantage.Deviations([.. Scores.Select(score => score.Reward.Total)], groupSize);
        int[] kept = [.. Enumerable.Range(0, Rollouts.Count).Where(i => deviations[i / groupSize] >= Spread)];
        return new RolloutBatch([.. kept.Select(i => Rollouts[i])], [.. kept.Select(i => Scores[i])], [.. kept.Select(i => Cases[i])], [.. kept.Select(i => Advantages[i])]);
    }

    /// <summary>This batch and another.</summary>
    public RolloutBatch Add(RolloutBatch other) => new([.. Rollouts, .. other.Rollouts], [.. Scores, .. other.Scores], [.. Cases, .. other.Cases], [.. Advantages, .. other.Advantages]);
}
