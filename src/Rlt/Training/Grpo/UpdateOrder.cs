namespace Rlt.Training.Grpo;

/// <summary>In which order a step's samples are learned, one optimizer step after another.</summary>
public static class UpdateOrder
{
    /// <summary>The samples of each update: shares of whole groups, as even as can be, all of them once an iteration.</summary>
    /// <param name="groups">Groups of the step; where they are fewer than the updates, there are fewer updates.</param>
    /// <param name="groupSize">Samples of a group, which stand side by side.</param>
    /// <param name="updates">Updates of an iteration.</param>
    /// <param name="iterations">Passes over all samples.</param>
    /// <returns>For each update the indices of its samples.</returns>
    public static IEnumerable<int[]> Of(int groups, int groupSize, int updates, int iterations)
    {
        for (int update = 0; update < updates * iterations; update++)
        {
            int share = update % updates;
            int first = groups * share / updates * groupSize;
            int end = groups * (share + 1) / updates * groupSize;
            if (end > first)
            {
                yield return [.. Enumerable.Range(first, end - first)];
            }
        }
    }
}
