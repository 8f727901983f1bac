namespace Rlt.Statistics;

/// <summary>Whether two models differ on the same questions: the sign-flip permutation test of the paired differences.</summary>
/// <remarks>
/// If the models were equally good, each question's difference would be as likely with the other sign. Exact for up to
/// <see cref="MostExact"/> questions that differ, by seeded draws above. For one sample a question it is the exact sign (McNemar) test.
/// </remarks>
public static class PairedTest
{
    /// <summary>Questions that differ up to which all signs are tried.</summary>
    public const int MostExact = 16;

    private const int Draws = 20_000;
    private const long Seed = 20240301;
    private const double Rounding = 1e-9;

    /// <summary>The two-sided p-value.</summary>
    /// <param name="differences">For each question, second model's mean score minus the first's.</param>
    public static double PValue(IReadOnlyList<double> differences)
    {
        double[] nonzero = [.. differences.Where(difference => difference != 0)];
        double observed = Math.Abs(nonzero.Sum()) - Rounding;
        return nonzero.Length <= MostExact ? Exact(nonzero, observed) : Drawn(nonzero, observed);
    }

    /// <summary>Holm's correction of several tests' p-values, in their order.</summary>
    public static double[] Holm(IReadOnlyList<double> pValues)
    {
        var corrected = new double[pValues.Count];
        double largest = 0;
        int rank = 0;
        foreach (int i in Enumerable.Range(0, pValues.Count).OrderBy(i => pValues[i]))
        {
            largest = Math.Max(largest, Math.Min(1, pValues[i] * (pValues.Count - rank++)));
            corrected[i] = largest;
        }

        return corrected;
    }

    private static double Exact(double[] differences, double observed)
    {
        int all = 1 << differences.Length, extreme = 0;
        for (int signs = 0; signs < all; signs++)
        {
            double sum = 0;
            for (int i = 0; i < differences.Length; i++)
            {
                sum += (signs >> i & 1) == 0 ? differences[i] : -differences[i];
            }

            extreme += Math.Abs(sum) >= observed ? 1 : 0;
        }

        return (double)extreme / all;
    }

    // The observed signs count as one of the draws, so that p is never 0.
    private static double Drawn(double[] differences, double observed)
    {
        int extreme = 1;
        for (int draw = 0; draw < Draws; draw++)
        {
            ulong key = RandomStream.Key(Seed, draw);
            double sum = 0;
            for (int i = 0; i < differences.Length; i++)
            {
                sum += RandomStream.Uniform(key, i) < 0.5 ? differences[i] : -differences[i];
            }

            extreme += Math.Abs(sum) >= observed ? 1 : 0;
        }

        return extreme / (Draws + 1.0);
    }
}
