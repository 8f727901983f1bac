namespace Rlt.Charts;

/// <summary>Round numbers for axes: multiples of 1, 2 or 5 times a power of ten.</summary>
internal static class Ticks
{
    // Multiples are told apart from their neighbours by far more than this.
    private const double Rounding = 1e-9;

    /// <summary>Those between two numbers, as far apart as leaves the fewest wanted.</summary>
    public static double[] Within(double low, double high, int fewest = 3)
    {
        double apart = Apart(low, high, fewest);
        return Multiples(Math.Ceiling((low / apart) - Rounding), Math.Floor((high / apart) + Rounding), apart);
    }

    /// <summary>Those from at or below the least value to at or above the largest.</summary>
    public static double[] Around(double low, double high, int fewest = 3)
    {
        (low, high) = high > low ? (low, high) : (low - (Math.Abs(low) / 10) - Rounding, low + (Math.Abs(low) / 10) + Rounding);
        double apart = Apart(low, high, fewest);
        return Multiples(Math.Floor((low / apart) + Rounding), Math.Ceiling((high / apart) - Rounding), apart);
    }

    private static double Apart(double low, double high, int fewest)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10((high - low) / fewest)));
        return power * new[] { 5, 2, 1 }.First(multiple => multiple * power <= (high - low) / fewest);
    }

    private static double[] Multiples(double first, double last, double apart) =>
        [.. Enumerable.Range(0, Math.Max(0, (int)(last - first) + 1)).Select(k => (first + k) * apart)];
}
