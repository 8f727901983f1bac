using Rlt.Generation;

namespace Rlt.Training;

/// <summary>The order in which a run sees its data: a fresh permutation each epoch, by seed alone.</summary>
public static class EpochOrder
{
    /// <summary>The items of one step. Steps go on across epoch borders, so no item is left out of an epoch.</summary>
    public static int[] Slice(int items, int step, int batchSize, long seed)
    {
        var slice = new int[batchSize];
        long first = (long)step * batchSize;
        int[] order = [];
        for (int i = 0; i < batchSize; i++)
        {
            int place = (int)((first + i) % items);
            if (order.Length == 0 || place == 0)
            {
                order = Permutation(items, RandomStream.Key(seed, (first + i) / items));
            }

            slice[i] = order[place];
        }

        return slice;
    }

    /// <summary>A permutation of 0 to <paramref name="items"/> − 1 by a key: the items sorted by a random number each.</summary>
    public static int[] Permutation(int items, ulong key) =>
        [.. Enumerable.Range(0, items).OrderBy(item => RandomStream.Uniform(key, item)).ThenBy(item => item)];
}
