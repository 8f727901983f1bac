namespace Rlt.Statistics;

/// <summary>How two quantities go together, and the line through them.</summary>
public static class Correlation
{
    // Equal values differ by rounding once they are means.
    private const double Rounding = 1e-12;

    /// <summary>Pearson's r, −1 to 1; null where either quantity has one value only, so that r is not defined.</summary>
    /// <param name="x">One quantity.</param>
    /// <param name="y">The other, point by point.</param>
    public static double? Pearson(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        if (IsConstant(x) || IsConstant(y))
        {
            return null;
        }

        (double xx, double xy, double yy) = Moments(x, y);
        return Math.Clamp(xy / (Math.Sqrt(xx) * Math.Sqrt(yy)), -1, 1);
    }

    /// <summary>The least-squares line y = intercept + slope · x; null where x has one value only.</summary>
    public static (double Intercept, double Slope)? Line(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        if (IsConstant(x))
        {
            return null;
        }

        (double xx, double xy, _) = Moments(x, y);
        double slope = xy / xx;
        return (y.Average() - (slope * x.Average()), slope);
    }

    private static bool IsConstant(IReadOnlyList<double> values) =>
        values.Max() - values.Min() <= Rounding * Math.Max(1, values.Max(Math.Abs));

    private static (double XX, double XY, double YY) Moments(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        double meanX = x.Average(), meanY = y.Average(), xx = 0, xy = 0, yy = 0;
        for (int i = 0; i < x.Count; i++)
        {
            (double dx, double dy) = (x[i] - meanX, y[i] - meanY);
            xx += dx * dx;
            xy += dx * dy;
            yy += dy * dy;
        }

        return (xx, xy, yy);
    }
}
