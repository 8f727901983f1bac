namespace Rlt.Statistics;

/// <summary>The chance that at least one of k samples is right.</summary>
/// <remarks>Source: Chen et al. 2021 (arXiv 2107.03374), the unbiased estimate 1 − C(n−c, k) / C(n, k).</remarks>
public static class PassAtK
{
    /// <summary>The estimate for one question.</summary>
    /// <param name="samples">n, samples drawn.</param>
    /// <param name="right">c, those that are right.</param>
    /// <param name="k">1 to n.</param>
    public static double Estimate(int samples, int right, int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(k, samples);
        double noneRight = 1;
        for (int i = samples - right + 1; i <= samples; i++)
        {
            noneRight *= 1 - ((double)k / i);
        }

        // With fewer wrong samples than k one factor is 0 or below; the chance of none is then 0.
        return samples - right < k ? 1 : 1 - noneRight;
    }

    /// <summary>The values of k that are reported: the powers of two up to n, and n.</summary>
    public static IEnumerable<int> Reported(int samples)
    {
        for (int k = 1; k < samples; k *= 2)
        {
            yield return k;
        }

        yield return samples;
    }
}
