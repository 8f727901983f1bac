namespace Rlt.Training.Grpo;

/// <summary>Chooses which explanations of a step are written down: of its first questions, from the best to the worst.</summary>
internal static class KeptSamples
{
    /// <summary>Indices of the chosen, question by question, in the order of their rewards. A question has at most all of its group.</summary>
    /// <param name="rewards">The rewards, group after group.</param>
    /// <param name="groupSize">Explanations of a question.</param>
    /// <param name="kept">Explanations wanted. Of a group that is not kept whole, ranks at equal distances, the best and the worst among them.</param>
    public static int[] Of(IReadOnlyList<double> rewards, int groupSize, int kept)
    {
        var chosen = new List<int>();
        for (int first = 0; first < rewards.Count && chosen.Count < kept; first += groupSize)
        {
            int[] ranked = [.. Enumerable.Range(first, groupSize).OrderByDescending(i => rewards[i])];
            int count = Math.Min(groupSize, kept - chosen.Count);
            chosen.AddRange(Enumerable.Range(0, count).Select(k => ranked[count == 1 ? 0 : (int)Math.Round(k * (groupSize - 1) / (double)(count - 1))]));
        }

        return [.. chosen];
    }
}
