namespace Rlt.Statistics;

/// <summary>95% intervals of a share, and of a difference of two shares of the same questions, from how much the questions tell.</summary>
/// <remarks>
/// Score intervals: their ends are the values that a test of that value would just not refuse. They stay within what a share can be, lean away
/// from 0 and 1, and have a width where nothing varies. Sources: Wilson, J. Am. Stat. Assoc. 22 (1927) 209; Tango, Stat. Med. 17 (1998) 891. Both
/// are of counts; here the number counted is an effective one: as many all-or-nothing questions as have the variance that was measured.
/// </remarks>
internal static class ScoreInterval
{
    private const int Halvings = 60;

    // What a variance is below which it is one of rounding.
    private const double Rounding = 1e-15;

    /// <summary>The interval of a share: Wilson's.</summary>
    /// <param name="share">The share found.</param>
    /// <param name="effective">All-or-nothing questions that would tell as much.</param>
    /// <param name="quantile">The standard errors to each side.</param>
    public static Interval OfShare(double share, double effective, double quantile)
    {
        double square = quantile * quantile / effective;
        double middle = (share + (square / 2)) / (1 + square);
        double half = Math.Sqrt((share * (1 - share) * square) + (square * square / 4)) / (1 + square);
        return new Interval(Math.Clamp(middle - half, 0, share), Math.Clamp(middle + half, share, 1));
    }

    /// <summary>The interval of a difference: Tango's.</summary>
    /// <param name="gained">The mean over questions of what the second has more, 0 where it has less.</param>
    /// <param name="lost">The mean of what it has less.</param>
    /// <param name="effective">All-or-nothing questions that would tell as much.</param>
    /// <param name="quantile">The standard errors to each side.</param>
    public static Interval OfDifference(double gained, double lost, double effective, double quantile)
    {
        double found = gained - lost;
        return new Interval(
            Crossing(found, -1, difference => Score(gained, lost, effective, difference) <= quantile),
            Crossing(found, 1, difference => Score(gained, lost, effective, difference) >= -quantile));
    }

    // The last difference on the way to an end that the test does not refuse.
    private static double Crossing(double from, double to, Func<double, bool> accepted)
    {
        (double inside, double outside) = (from, to);
        for (int i = 0; i < Halvings; i++)
        {
            double middle = (inside + outside) / 2;
            (inside, outside) = accepted(middle) ? (middle, outside) : (inside, middle);
        }

        return inside;
    }

    // Standard errors from a supposed difference to the one found. The share lost is the likeliest one under that difference (Tango's equation 3).
    private static double Score(double gained, double lost, double effective, double supposed)
    {
        double b = -gained - lost + ((2 - gained + lost) * supposed), c = -lost * supposed * (1 - supposed);
        double lostThen = (Math.Sqrt(Math.Max(0, (b * b) - (8 * c))) - b) / 4;
        double variance = Math.Max(0, (2 * lostThen) + (supposed * (1 - supposed))) / effective, distance = gained - lost - supposed;
        return distance == 0 ? 0 : distance / Math.Sqrt(Math.Max(variance, Rounding));
    }
}
