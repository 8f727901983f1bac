namespace Rlt.Cli;

/// <summary>Numbers as a line of blocks, the least lowest and the largest highest.</summary>
internal static class Sparkline
{
    private const string Blocks = "▁▂▃▄▅▆▇█";

    /// <summary>The line; values that are not finite are gaps, and equal values lie in the middle.</summary>
    /// <param name="values">The values, oldest first.</param>
    /// <param name="width">Characters at most. More values are drawn by the means of as many neighbours as that takes.</param>
    public static string Of(IReadOnlyList<double> values, int width)
    {
        int size = Math.Max(1, (values.Count + width - 1) / width);
        double[] means = [.. values.Chunk(size).Select(chunk => chunk.Average())];
        double[] finite = [.. means.Where(double.IsFinite)];
        if (finite.Length == 0)
        {
            return new string(' ', means.Length);
        }

        (double low, double high) = (finite.Min(), finite.Max());
        return string.Concat(means.Select(mean => !double.IsFinite(mean) ? ' '
            : high == low ? Blocks[Blocks.Length / 2]
            : Blocks[(int)Math.Round((mean - low) / (high - low) * (Blocks.Length - 1))]));
    }
}
