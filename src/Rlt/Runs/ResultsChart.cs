using System.Globalization;
using System.Text;

namespace Rlt.Runs;

/// <summary>A line of a chart: one value a step.</summary>
/// <param name="Name">The legend's text.</param>
/// <param name="Values">The values, first step to last.</param>
public sealed record ChartLine(string Name, IReadOnlyList<double> Values);

/// <summary>A bar of a chart.</summary>
/// <param name="Name">The label.</param>
/// <param name="Value">Its height, 0 to 1.</param>
/// <param name="Interval">Half the 95% interval.</param>
public sealed record ChartBar(string Name, double Value, double Interval);

/// <summary>Draws a run's results as an SVG picture: curves over the teacher's steps beside the students' accuracies.</summary>
public static class ResultsChart
{
    private const int Width = 860;
    private const int Height = 330;
    private const int Top = 46;
    private const int Bottom = 276;
    private static readonly string[] Colors = ["#2563eb", "#16a34a", "#dc2626", "#9333ea"];

    /// <summary>The picture. Either list may be empty; its half is then left blank.</summary>
    public static string Svg(IReadOnlyList<ChartLine> lines, IReadOnlyList<ChartBar> bars)
    {
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"#374151\">\n");
        svg.Append(CultureInfo.InvariantCulture, $"<rect width=\"{Width}\" height=\"{Height}\" rx=\"8\" fill=\"#ffffff\"/>\n");
        DrawLines(svg, lines);
        DrawBars(svg, bars);
        return svg.Append("</svg>\n").ToString();
    }

    private static void DrawLines(StringBuilder svg, IReadOnlyList<ChartLine> lines)
    {
        const int Left = 56, Right = 440;
        if (lines.Count == 0)
        {
            return;
        }

        double low = Math.Floor(lines.Min(line => line.Values.Min()));
        double high = Math.Ceiling(Math.Max(0, lines.Max(line => line.Values.Max())));
        Text(svg, Left, 24, "teacher: reward and its parts by step", "font-weight=\"600\"");
        for (int tick = 0; tick <= 4; tick++)
        {
            double value = low + ((high - low) * tick / 4);
            double y = Y(value, low, high);
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" x2=\"{Right}\" y1=\"{y:0.0}\" y2=\"{y:0.0}\" stroke=\"#e5e7eb\"/>\n");
            Text(svg, Left - 8, y + 4, value.ToString("0.0", CultureInfo.InvariantCulture), "text-anchor=\"end\"");
        }

        for (int i = 0; i < lines.Count; i++)
        {
            IReadOnlyList<double> values = lines[i].Values;
            string points = string.Join(' ', values.Select((value, step) => string.Create(
                CultureInfo.InvariantCulture, $"{Left + ((Right - Left) * step / Math.Max(1.0, values.Count - 1)):0.0},{Y(value, low, high):0.0}")));
            svg.Append(CultureInfo.InvariantCulture, $"<polyline points=\"{points}\" fill=\"none\" stroke=\"{Colors[i % Colors.Length]}\" stroke-width=\"2\"/>\n");
            int x = Left + (i * 130);
            svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{x}\" y=\"{Bottom + 28}\" width=\"12\" height=\"3\" fill=\"{Colors[i % Colors.Length]}\"/>\n");
            Text(svg, x + 18, Bottom + 34, lines[i].Name);
        }

        Text(svg, Left, Bottom + 16, "1", "text-anchor=\"middle\"");
        Text(svg, Right, Bottom + 16, lines.Max(line => line.Values.Count).ToString(CultureInfo.InvariantCulture), "text-anchor=\"middle\"");
    }

    private static void DrawBars(StringBuilder svg, IReadOnlyList<ChartBar> bars)
    {
        const int Left = 520, Right = 840;
        if (bars.Count == 0)
        {
            return;
        }

        Text(svg, Left, 24, "students: held-out accuracy (95% interval)", "font-weight=\"600\"");
        svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" x2=\"{Right}\" y1=\"{Bottom}\" y2=\"{Bottom}\" stroke=\"#9ca3af\"/>\n");
        double slot = (Right - Left) / (double)bars.Count;
        for (int i = 0; i < bars.Count; i++)
        {
            double middle = Left + (slot * (i + 0.5));
            double y = Y(bars[i].Value, 0, 1);
            svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{middle - (slot * 0.3):0.0}\" y=\"{y:0.0}\" width=\"{slot * 0.6:0.0}\" height=\"{Bottom - y:0.0}\" fill=\"{Colors[i % Colors.Length]}\" opacity=\"0.8\"/>\n");
            double above = Y(Math.Min(1, bars[i].Value + bars[i].Interval), 0, 1);
            double below = Y(Math.Max(0, bars[i].Value - bars[i].Interval), 0, 1);
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{middle:0.0}\" x2=\"{middle:0.0}\" y1=\"{above:0.0}\" y2=\"{below:0.0}\" stroke=\"#111827\"/>\n");
            Text(svg, middle, above - 6, bars[i].Value.ToString("P1", CultureInfo.InvariantCulture), "text-anchor=\"middle\"");
            string[] words = bars[i].Name.Split(' ');
            Text(svg, middle, Bottom + 16, string.Join(' ', words.Take((words.Length + 1) / 2)), "text-anchor=\"middle\"");
            Text(svg, middle, Bottom + 31, string.Join(' ', words.Skip((words.Length + 1) / 2)), "text-anchor=\"middle\"");
        }
    }

    private static double Y(double value, double low, double high) => Bottom - ((Bottom - Top) * (value - low) / Math.Max(1e-9, high - low));

    private static void Text(StringBuilder svg, double x, double y, string text, string attributes = "") =>
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{x:0.0}\" y=\"{y:0.0}\" {attributes}>{System.Security.SecurityElement.Escape(text)}</text>\n");
}
