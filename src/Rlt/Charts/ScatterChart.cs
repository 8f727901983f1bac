using System.Globalization;

namespace Rlt.Charts;

/// <summary>Draws a quantity against a share, point by point, with the line fitted to them.</summary>
public static class ScatterChart
{
    private const int Left = 56;
    private const int Right = 600;
    private const int Top = 50;
    private const int Bottom = 276;
    private const int LegendCharacters = 34;

    // Points keep this share of the plot's width off its edges.
    private const double Margin = 0.05;

    /// <summary>The picture.</summary>
    /// <param name="title">Its heading.</param>
    /// <param name="quantity">What runs to the right.</param>
    /// <param name="groups">The points, at least one.</param>
    /// <param name="line">The fitted line; null draws none.</param>
    public static string Svg(string title, string quantity, IReadOnlyList<ScatterGroup> groups, (double Intercept, double Slope)? line)
    {
        var svg = new SvgPicture();
        (double X, double Y)[] points = [.. groups.SelectMany(group => group.Points)];
        (double low, double high) = Range(points);
        double highest = ShareScale.End(points.Max(point => point.Y));
        svg.Text(Left, 24, title, SvgPicture.Bold);
        for (int tick = 0; tick <= 4; tick++)
        {
            double share = highest * tick / 4;
            svg.Line(Left, Y(share), Right, Y(share), tick == 0 ? SvgPicture.Axis : SvgPicture.Grid);
            svg.Text(Left - 8, Y(share) + 4, (100 * share).ToString("0.#", CultureInfo.InvariantCulture) + "%", SvgPicture.End);
        }

        foreach (double value in Ticks.Within(low, high))
        {
            svg.Line(X(value), Bottom, X(value), Bottom + 4, SvgPicture.Axis);
            svg.Text(X(value), Bottom + 18, SvgPicture.Number(value), SvgPicture.Middle);
        }

        svg.Text((Left + Right) / 2.0, Bottom + 38, quantity, SvgPicture.Middle);
        if (line is { } fit)
        {
            DrawFit(svg, fit);
        }

        DrawGroups();
        return svg.ToString();

        double X(double value) => Left + ((Right - Left) * (value - low) / (high - low));
        double Y(double share) => Bottom - ((Bottom - Top) * share / highest);

        // Only as far as the points go, and not beyond the plot.
        void DrawFit(SvgPicture to, (double Intercept, double Slope) of)
        {
            (double from, double until) = (points.Min(point => point.X), points.Max(point => point.X));
            double[] ends = of.Slope == 0
                ? [from, until]
                : [.. new[] { 0, highest }.Select(edge => Math.Clamp((edge - of.Intercept) / of.Slope, from, until)).Order()];
            to.Line(X(ends[0]), Y(of.Intercept + (of.Slope * ends[0])), X(ends[1]),
                Y(of.Intercept + (of.Slope * ends[1])), SvgPicture.Ink, "stroke-dasharray=\"5 4\"");
        }

        void DrawGroups()
        {
            for (int i = 0; i < groups.Count; i++)
            {
                foreach ((double x, double y) in groups[i].Points)
                {
                    svg.Dot(X(x), Y(y), 5, SvgPicture.Color(i), "#ffffff");
                }

                double place = Top + (18 * i);
                svg.Dot(Right + 26, place - 4, 5, SvgPicture.Color(i), "#ffffff");
                svg.Text(Right + 38, place, groups[i].Name.Length <= LegendCharacters ? groups[i].Name : groups[i].Name[..(LegendCharacters - 1)] + "…");
            }
        }
    }

    private static (double Low, double High) Range((double X, double Y)[] points)
    {
        (double low, double high) = (points.Min(point => point.X), points.Max(point => point.X));
        double margin = high > low ? (high - low) * Margin : Math.Max(Math.Abs(low), 1) * Margin;
        return (low - margin, high + margin);
    }
}

/// <summary>Points of <see cref="ScatterChart"/> that belong together, in one colour.</summary>
/// <param name="Name">The legend's text.</param>
/// <param name="Points">The points; Y is a share, 0 to 1.</param>
public sealed record ScatterGroup(string Name, IReadOnlyList<(double X, double Y)> Points);
