using System.Globalization;

namespace Rlt.Charts;

/// <summary>Draws shares as bars with their intervals, and a dot for each seed.</summary>
public static class SeedBarChart
{
    /// <summary>Where the bars' room begins.</summary>
    internal const int Top = 50;

    /// <summary>Where the bars stand.</summary>
    internal const int Bottom = 256;

    private const int Left = 56;
    private const int Right = SvgPicture.Width - 16;
    private const int LabelLines = 3;
    private const double LabelSize = 11;

    /// <summary>How wide a character of a proportional font is, in its size.</summary>
    internal const double CharacterWidth = 0.56;

    private const double WidestBar = 90;
    private const double DotStep = 8;

    /// <summary>The picture.</summary>
    /// <param name="title">Its heading.</param>
    /// <param name="bars">The bars, first to last; up to ten keep their labels legible.</param>
    public static string Svg(string title, IReadOnlyList<SeedBar> bars)
    {
        var svg = new SvgPicture();
        svg.Text(Left, 24, title, SvgPicture.Bold);
        Draw(svg, bars, Left, Right, firstColor: 0);
        return svg.ToString();
    }

    /// <summary>Draws the bars and their axis into a part of a picture.</summary>
    internal static void Draw(SvgPicture svg, IReadOnlyList<SeedBar> bars, double left, double right, int firstColor)
    {
        double highest = ShareScale.End(bars.Max(bar => Math.Max(bar.High, bar.Seeds.DefaultIfEmpty(0).Max())));
        for (int tick = 0; tick <= 4; tick++)
        {
            double value = highest * tick / 4;
            svg.Line(left, Y(value, highest), right, Y(value, highest), tick == 0 ? SvgPicture.Axis : SvgPicture.Grid);
            svg.Text(left - 8, Y(value, highest) + 4, (100 * value).ToString("0.#", CultureInfo.InvariantCulture) + "%", SvgPicture.End);
        }

        double slot = (right - left) / bars.Count;
        for (int i = 0; i < bars.Count; i++)
        {
            Draw(svg, bars[i], left + (slot * (i + 0.5)), slot, highest, SvgPicture.Color(firstColor + i));
        }
    }

    private static void Draw(SvgPicture svg, SeedBar bar, double middle, double slot, double highest, string color)
    {
        const double Cap = 5;
        double width = Math.Min(WidestBar, slot * 0.6), top = Y(bar.Value, highest), high = Y(bar.High, highest), low = Y(bar.Low, highest);
        svg.Box(middle - (width / 2), top, width, Bottom - top, color, "opacity=\"0.8\"");
        svg.Line(middle, high, middle, low, SvgPicture.Ink);
        svg.Line(middle - Cap, high, middle + Cap, high, SvgPicture.Ink);
        svg.Line(middle - Cap, low, middle + Cap, low, SvgPicture.Ink);
        double step = Math.Min(DotStep, width / bar.Seeds.Count);
        for (int i = 0; i < bar.Seeds.Count; i++)
        {
            svg.Dot(middle + ((i - ((bar.Seeds.Count - 1) / 2.0)) * step), Y(bar.Seeds[i], highest), 3, "#ffffff", SvgPicture.Ink);
        }

        double above = Math.Min(high, Y(bar.Seeds.DefaultIfEmpty(bar.Value).Max(), highest) - 3);
        svg.Text(middle, above - 6, (100 * bar.Value).ToString("0.0", CultureInfo.InvariantCulture) + "%", SvgPicture.Middle);
        string[] label = [.. Wrapped(bar.Label, (int)(slot / (LabelSize * CharacterWidth)))];
        svg.Text(middle, Bottom + 17, bar.Name, $"{SvgPicture.Middle} {SvgPicture.Bold}");
        for (int i = 0; i < label.Length; i++)
        {
            svg.Text(middle, Bottom + (bar.Name.Length > 0 ? 33 : 17) + (14 * i), label[i], $"{SvgPicture.Middle} font-size=\"{LabelSize}\"");
        }
    }

    private static double Y(double value, double highest) => Bottom - ((Bottom - Top) * value / highest);

    private static IEnumerable<string> Wrapped(string text, int width)
    {
        var lines = new List<string> { "" };
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (lines[^1].Length > 0 && lines[^1].Length + 1 + word.Length > width)
            {
                lines.Add("");
            }

            lines[^1] += (lines[^1].Length > 0 ? " " : "") + word;
        }

        bool whole = lines.Count <= LabelLines;
        return lines.Take(LabelLines).Select((line, i) => Shortened(!whole && i == LabelLines - 1 ? line + "…" : line, width));
    }

    private static string Shortened(string line, int width) => line.Length <= width + 1 ? line : line[..Math.Max(1, width - 1)] + "…";
}

/// <summary>A bar of <see cref="SeedBarChart"/>: an arm of an experiment.</summary>
/// <param name="Name">The short name under the bar.</param>
/// <param name="Label">What it is, below the name, as far as there is room.</param>
/// <param name="Value">Its height, 0 to 1.</param>
/// <param name="Low">The interval's lower end.</param>
/// <param name="High">The interval's upper end.</param>
/// <param name="Seeds">Each seed's value, a dot.</param>
public sealed record SeedBar(string Name, string Label, double Value, double Low, double High, IReadOnlyList<double> Seeds);
