using static TorchSharp.torch;

namespace Rlt.Training.Grpo;

// Q questions, G samples of each
/// <summary>Advantages of samples within the group that answers the same question.</summary>
public static class GroupAdvantage
{
    // As released: keeps groups of equal rewards finite.
    private const double Epsilon = 1e-4;

    /// <summary>(r − mean) / (std + 1e-4) over each group of consecutive rewards, with the unbiased deviation, in float32.</summary>
    /// <remarks>Source: GRPO (arXiv 2402.03300), section 4.1.2, as TRL 0.15 and the RLT release compute it.</remarks>
    /// <param name="rewards">The rewards.</param>
    /// <param name="groupSize">Samples of a group.</param>
    /// <param name="normalizeByStd">Off: r − mean alone (Dr. GRPO, arXiv 2503.20783).</param>
    public static float[] From(IReadOnlyList<double> rewards, int groupSize, bool normalizeByStd = true)
    {
        using var scope = NewDisposeScope();
        Tensor rewards_QG = Groups(rewards, groupSize);
        Tensor centred_QG = rewards_QG - rewards_QG.mean([1], keepdim: true);
        Tensor advantages_QG = normalizeByStd ? centred_QG / (rewards_QG.std(1, keepdim: true) + Epsilon) : centred_QG;
        return advantages_QG.data<float>().ToArray();
    }

    /// <summary>The unbiased standard deviation of each group.</summary>
    public static float[] Deviations(IReadOnlyList<double> rewards, int groupSize)
    {
        using var scope = NewDisposeScope();
        return Groups(rewards, groupSize).std(1).data<float>().ToArray();
    }

    private static Tensor Groups(IReadOnlyList<double> rewards, int groupSize) =>
        groupSize >= 2 && rewards.Count % groupSize == 0
            ? tensor(rewards.Select(reward => (float)reward).ToArray(), [rewards.Count / groupSize, groupSize])
            : throw new ArgumentException($"{rewards.Count} rewards do not make groups of {groupSize}; a group has at least 2", nameof(groupSize));
}
