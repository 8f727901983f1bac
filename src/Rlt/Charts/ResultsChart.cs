using System.Globalization;

namespace Rlt.Charts;

/// <summary>A line of a chart: one value a step.</summary>
/// <param name="Name">The legend's text.</param>
/// <param name="Values">The values, first step to last; nats.</param>
public sealed record ChartLine(string Name, IReadOnlyList<double> Values);

/// <summary>Draws a run's results as an SVG picture: curves over the teacher's steps beside the students' accuracies.</summary>
public static class ResultsChart
{
    private const int Left = 56;
    private const int Right = 440;
    private const int Top = SeedBarChart.Top;
    private const int Bottom = SeedBarChart.Bottom;

    /// <summary>The picture. Either list may be empty; its half is then left blank.</summary>
    /// <param name="lines">The teacher's reward and its parts.</param>
    /// <param name="bars">The students, in other colours than the lines.</param>
    public static string Svg(IReadOnlyList<ChartLine> lines, IReadOnlyList<SeedBar> bars)
    {
        var svg = new SvgPicture();
        DrawLines(svg, lines);
        if (bars.Count > 0)
        {
            const int barsLeft = 520;
            svg.Text(barsLeft, 24, "students: accuracy on held-out questions, %", SvgPicture.Bold);
            SeedBarChart.Draw(svg, bars, barsLeft, SvgPicture.Width - 16, firstColor: lines.Count);
        }

        return svg.ToString();
    }

    private static void DrawLines(SvgPicture svg, IReadOnlyList<ChartLine> lines)
    {
        if (lines.Count == 0)
        {
            return;
        }

        double[] values = [.. lines.SelectMany(line => line.Values)];
        double[] ticks = Ticks.Around(values.Min(), values.Max());
        int steps = lines.Max(line => line.Values.Count);
        svg.Text(Left, 24, "teacher: reward and its parts, nats", SvgPicture.Bold);
        foreach (double tick in ticks)
        {
            svg.Line(Left, Y(tick), Right, Y(tick), SvgPicture.Grid);
            svg.Text(Left - 8, Y(tick) + 4, SvgPicture.Number(tick), SvgPicture.End);
        }

        foreach (double step in Ticks.Within(0, steps).Select(step => Math.Round(step)).Distinct().Where(step => step >= 1))
        {
            svg.Line(X(step), Bottom, X(step), Bottom + 4, SvgPicture.Axis);
            svg.Text(X(step), Bottom + 17, SvgPicture.Number(step), SvgPicture.Middle);
        }

        svg.Line(Left, Bottom, Right, Bottom, SvgPicture.Axis);
        svg.Text((Left + Right) / 2.0, Bottom + 33, "step", SvgPicture.Middle);
        double legend = Left;
        for (int i = 0; i < lines.Count; i++)
        {
            svg.Path(lines[i].Values.Select((value, step) => (X(step + 1), Y(value))), SvgPicture.Color(i));
            string name = $"{lines[i].Name} {lines[i].Values[^1].ToString("0.00;−0.00", CultureInfo.InvariantCulture)}";
            svg.Box(legend, Bottom + 50, 12, 3, SvgPicture.Color(i));
            svg.Text(legend + 18, Bottom + 56, name);
            legend += 34 + (name.Length * SeedBarChart.CharacterWidth * 12);
        }

        double X(double step) => steps == 1 ? (Left + Right) / 2.0 : Left + ((Right - Left) * (step - 1) / (steps - 1));
        double Y(double value) => Bottom - ((Bottom - Top) * (value - ticks[0]) / (ticks[^1] - ticks[0]));
    }
}
