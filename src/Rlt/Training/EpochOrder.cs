using Rlt.Statistics;

namespace Rlt.Training;

/// <summary>The order in which a run sees its data: a fresh permutation each epoch, by seed alone.</summary>
/// <remarks>
/// The order of TRL's and the released code's repeat sampler over as many epochs as the run needs. Where theirs drops the
/// questions that do not fill a step at the end of its epochs, ours goes on in the next one, so none is left out.
/// </remarks>
public static class EpochOrder
{
    /// <summary>The items of one step. Steps go on across epoch borders, so no item is left out of an epoch.</summary>
    /// <param name="items">The number of items.</param>
    /// <param name="step">The step, counted from 0.</param>
    /// <param name="batchSize">Items of a step.</param>
    /// <param name="seed">Seeds the permutations.</param>
    /// <param name="shuffle">Off: every epoch has the items in their own order.</param>
    public static int[] Slice(int items, int step, int batchSize, long seed, bool shuffle = true) =>
        Slice(items, step, batchSize, epoch => shuffle ? Permutation(items, RandomStream.Key(seed, epoch)) : [.. Enumerable.Range(0, items)]);

    /// <summary>The items of one step out of given permutations, one an epoch.</summary>
    public static int[] Slice(int items, int step, int batchSize, Func<long, int[]> permutation)
    {
        var slice = new int[batchSize];
        long first = (long)step * batchSize;
        int[] order = [];
        for (int i = 0; i < batchSize; i++)
        {
            int place = (int)((first + i) % items);
            if (order.Length == 0 || place == 0)
            {
                order = permutation((first + i) / items);
            }

            slice[i] = order[place];
        }

        return slice;
    }

    /// <summary>A permutation of 0 to <paramref name="items"/> − 1 by a key: the items sorted by a random number each.</summary>
    public static int[] Permutation(int items, ulong key) =>
        [.. Enumerable.Range(0, items).OrderBy(item => RandomStream.Uniform(key, item)).ThenBy(item => item)];
}
