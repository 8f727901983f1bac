namespace Rlt.Charts;

/// <summary>Where the scale of shares ends: small ones are not drawn on the scale of large ones, and its quarters are round.</summary>
internal static class ShareScale
{
    private static readonly double[] Ends = [0.1, 0.2, 0.4, 0.6, 0.8, 1];

    /// <summary>The least end above a share.</summary>
    public static double End(double largest) => Ends.FirstOrDefault(end => largest <= end, 1);
}
