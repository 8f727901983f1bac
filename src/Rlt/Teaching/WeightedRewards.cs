namespace Rlt.Teaching;

// F reward functions, S samples
/// <summary>Several reward functions of the same samples as one.</summary>
public static class WeightedRewards
{
    /// <summary>The weighted sum of each sample's rewards.</summary>
    /// <param name="values_FS">For each function the samples' values.</param>
    /// <param name="weights_F">A weight each.</param>
    /// <returns>A reward for each sample.</returns>
    /// <exception cref="ArgumentException">Weights or samples do not match.</exception>
    /// <remarks>Source: <c>reward_weights</c> of TRL's GRPO, which the released code kept.</remarks>
    public static double[] Sum(IReadOnlyList<IReadOnlyList<double>> values_FS, IReadOnlyList<double> weights_F)
    {
        if (values_FS.Count != weights_F.Count || values_FS.Count == 0)
        {
            throw new ArgumentException($"{values_FS.Count} reward functions have {weights_F.Count} weights; expected one each", nameof(weights_F));
        }

        int samples = values_FS[0].Count;
        return values_FS.All(values_S => values_S.Count == samples)
            ? [.. Enumerable.Range(0, samples).Select(sample => values_FS.Zip(weights_F, (values_S, weight) => weight * values_S[sample]).Sum())]
            : throw new ArgumentException($"reward functions have {string.Join(", ", values_FS.Select(values_S => values_S.Count))} values; expected the same number of samples", nameof(values_FS));
    }
}
