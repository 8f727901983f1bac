namespace Rlt.Tests.Generation;

/// <summary>Whether counts can come from probabilities.</summary>
internal static class ChiSquare
{
    /// <summary>Fails where counts this far from the probabilities come up in fewer than one case of ten thousand.</summary>
    public static void AssertFollows(double[] probabilities, int[] counts)
    {
        double total = counts.Sum();
        double statistic = 0;
        int possible = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            double expected = probabilities[i] * total;
            if (expected == 0)
            {
                Assert.Equal(0, counts[i]);
                continue;
            }

            possible++;
            statistic += (counts[i] - expected) * (counts[i] - expected) / expected;
        }

        // Wilson and Hilferty's approximation of the quantile, 3.719 deviations up.
        double degrees = possible - 1;
        double limit = degrees * Math.Pow(1 - (2 / (9 * degrees)) + (3.719 * Math.Sqrt(2 / (9 * degrees))), 3);
        Assert.True(statistic < limit, $"chi-square {statistic} of {degrees} degrees, limit {limit}: {string.Join(' ', counts)}");
    }
}
