namespace Rlt.Training;

/// <summary>Advantages of samples within the group that answers the same question.</summary>
public static class GroupAdvantage
{
    // As released: keeps groups of equal rewards finite.
    private const float Epsilon = 1e-4f;

    /// <summary>(r − mean) / (std + 1e-4) over each group of consecutive rewards, with the unbiased deviation, in float32.</summary>
    /// <remarks>Source: GRPO (arXiv 2402.03300), section 4.1.2, as TRL 0.15 and the RLT release compute it.</remarks>
    public static float[] From(IReadOnlyList<double> rewards, int groupSize)
    {
        if (groupSize < 2 || rewards.Count % groupSize != 0)
        {
            throw new ArgumentException($"{rewards.Count} rewards do not make groups of {groupSize}; a group has at least 2", nameof(groupSize));
        }

        var advantages = new float[rewards.Count];
        for (int start = 0; start < rewards.Count; start += groupSize)
        {
            double mean = rewards.Skip(start).Take(groupSize).Average();
            double deviation = Deviation(rewards, start, groupSize);
            for (int i = start; i < start + groupSize; i++)
            {
                advantages[i] = (float)((rewards[i] - mean) / (deviation + Epsilon));
            }
        }

        return advantages;
    }

    /// <summary>The unbiased standard deviation of each group.</summary>
    public static double[] Deviations(IReadOnlyList<double> rewards, int groupSize) =>
        [.. Enumerable.Range(0, rewards.Count / groupSize).Select(group => Deviation(rewards, group * groupSize, groupSize))];

    private static double Deviation(IReadOnlyList<double> rewards, int start, int count)
    {
        double mean = rewards.Skip(start).Take(count).Average();
        return Math.Sqrt(rewards.Skip(start).Take(count).Sum(r => (r - mean) * (r - mean)) / (count - 1));
    }
}
