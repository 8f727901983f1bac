using System.Globalization;

namespace Rlt.Charts;

/// <summary>A line of a chart: one value a step.</summary>
/// <param name="Name">The legend's text.</param>
/// <param name="Values">The values, first step to last.</param>
public sealed record ChartLine(string Name, IReadOnlyList<double> Values);

/// <summary>A bar of a chart.</summary>
/// <param name="Name">The label.</param>
/// <param name="Value">Its height, 0 to 1.</param>
/// <param name="Low">The lower end of its 95% interval.</param>
/// <param name="High">The upper end.</param>
public sealed record ChartBar(string Name, double Value, double Low, double High);

/// <summary>Draws a run's results as an SVG picture: curves over the teacher's steps beside the students' accuracies.</summary>
public static class ResultsChart
{
    private const int Top = 46;
    private const int Bottom = 276;

    /// <summary>The picture. Either list may be empty; its half is then left blank.</summary>
    public static string Svg(IReadOnlyList<ChartLine> lines, IReadOnlyList<ChartBar> bars)
    {
        var svg = new SvgPicture();
        DrawLines(svg, lines);
        DrawBars(svg, bars);
        return svg.ToString();
    }

    private static void DrawLines(SvgPicture svg, IReadOnlyList<ChartLine> lines)
    {
        const int Left = 56, Right = 440;
        if (lines.Count == 0)
        {
            return;
        }

        double low = Math.Floor(lines.Min(line => line.Values.Min()));
        double high = Math.Ceiling(Math.Max(0, lines.Max(line => line.Values.Max())));
        svg.Text(Left, 24, "teacher: reward and its parts by step", SvgPicture.Bold);
        for (int tick = 0; tick <= 4; tick++)
        {
            double value = low + ((high - low) * tick / 4);
            double y = Y(value, low, high);
            svg.Line(Left, y, Right, y, SvgPicture.Grid);
            svg.Text(Left - 8, y + 4, value.ToString("0.0", CultureInfo.InvariantCulture), SvgPicture.End);
        }

        for (int i = 0; i < lines.Count; i++)
        {
            IReadOnlyList<double> values = lines[i].Values;
            svg.Path(values.Select((value, step) => (Left + ((Right - Left) * step / Math.Max(1.0, values.Count - 1)), Y(value, low, high))),
                SvgPicture.Color(i));
            int x = Left + (i * 130);
            svg.Box(x, Bottom + 28, 12, 3, SvgPicture.Color(i));
            svg.Text(x + 18, Bottom + 34, lines[i].Name);
        }

        svg.Text(Left, Bottom + 16, "1", SvgPicture.Middle);
        svg.Text(Right, Bottom + 16, lines.Max(line => line.Values.Count).ToString(CultureInfo.InvariantCulture), SvgPicture.Middle);
    }

    private static void DrawBars(SvgPicture svg, IReadOnlyList<ChartBar> bars)
    {
        const int Left = 520, Right = 840;
        if (bars.Count == 0)
        {
            return;
        }

        svg.Text(Left, 24, "students: held-out accuracy (95% interval)", SvgPicture.Bold);
        svg.Line(Left, Bottom, Right, Bottom, SvgPicture.Axis);
        double slot = (Right - Left) / (double)bars.Count;
        for (int i = 0; i < bars.Count; i++)
        {
            double middle = Left + (slot * (i + 0.5));
            double y = Y(bars[i].Value, 0, 1);
            svg.Box(middle - (slot * 0.3), y, slot * 0.6, Bottom - y, SvgPicture.Color(i), "opacity=\"0.8\"");
            double above = Y(Math.Min(1, bars[i].High), 0, 1);
            double below = Y(Math.Max(0, bars[i].Low), 0, 1);
            svg.Line(middle, above, middle, below, SvgPicture.Ink);
            svg.Text(middle, above - 6, (100 * bars[i].Value).ToString("0.0", CultureInfo.InvariantCulture) + "%", SvgPicture.Middle);
            string[] words = bars[i].Name.Split(' ');
            svg.Text(middle, Bottom + 16, string.Join(' ', words.Take((words.Length + 1) / 2)), SvgPicture.Middle);
            svg.Text(middle, Bottom + 31, string.Join(' ', words.Skip((words.Length + 1) / 2)), SvgPicture.Middle);
        }
    }

    private static double Y(double value, double low, double high) => Bottom - ((Bottom - Top) * (value - low) / Math.Max(1e-9, high - low));
}
