using System.Globalization;
using System.Xml.Linq;
using Rlt.Charts;

namespace Rlt.Tests.Charts;

/// <summary>Pictures are well-formed, on white, and show what they were given.</summary>
public sealed class ChartTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Fact]
    public void SeedBars_TwoArms_HaveBarsIntervalsDotsAndLabels()
    {
        XElement picture = XElement.Parse(SeedBarChart.Svg("a < b & c", [new SeedBar("a", "the first", 0.25, 0.2, 0.3, [0.2, 0.25, 0.3]), new SeedBar("b", "", 0.5, 0.5, 0.5, [])]));
        Assert.Equal("#ffffff", (string?)picture.Elements(Svg + "rect").First().Attribute("fill"));
        Assert.Equal(3, picture.Elements(Svg + "circle").Count());
        RequireTexts(picture, "a < b & c", "a", "the first", "25.0%", "b", "50.0%");
        double[] heights = [.. picture.Elements(Svg + "rect").Skip(1).Select(bar => Number(bar, "height"))];
        Assert.Equal(2, heights[1] / heights[0], 1e-2);
    }

    [Fact]
    public void SeedBars_LongLabel_IsCutToItsRoom()
    {
        SeedBar[] bars = [.. Enumerable.Range(0, 10).Select(i => new SeedBar($"arm{i}", "the student of a teacher that was trained on explanations of every kind", i / 10.0, i / 10.0, i / 10.0, []))];
        string[] texts = [.. XElement.Parse(SeedBarChart.Svg("", bars)).Elements(Svg + "text").Select(text => text.Value)];
        Assert.Equal(10, texts.Count(text => text.EndsWith('…')));
        Assert.All(texts, text => Assert.InRange(text.Length, 0, 14));
    }

    [Fact]
    public void Scatter_PointsAndLine_LieWhereTheyBelong()
    {
        XElement picture = XElement.Parse(ScatterChart.Svg("t", "reward", [new ScatterGroup("low", [(-2, 0.2)]), new ScatterGroup("high", [(-1, 0.4)])], (0.6, 0.2)));
        XElement line = picture.Elements(Svg + "line").Single(line => line.Attribute("stroke-dasharray") is not null);
        XElement[] dots = [.. picture.Elements(Svg + "circle").Where(dot => Number(dot, "cx") < 600)];
        Assert.Equal((Number(dots[0], "cx"), Number(dots[0], "cy")), (Number(line, "x1"), Number(line, "y1")));
        Assert.Equal((Number(dots[1], "cx"), Number(dots[1], "cy")), (Number(line, "x2"), Number(line, "y2")));
        RequireTexts(picture, "reward", "low", "high", "−2", "−1");
    }

    [Fact]
    public void Scatter_OnePlaceOnly_IsDrawnWithoutLine()
    {
        string picture = ScatterChart.Svg("t", "x", [new ScatterGroup("a", [(0, 0), (0, 0)])], null);
        Assert.DoesNotContain("NaN", picture, StringComparison.Ordinal);
        Assert.DoesNotContain("dasharray", picture, StringComparison.Ordinal);
    }

    [Fact]
    public void Results_LinesAndBars_AreWellFormed()
    {
        XElement picture = XElement.Parse(ResultsChart.Svg([new ChartLine("reward", [-1, 0, 1])], [new ChartBar("a student", 0.5, 0.4, 0.6)]));
        Assert.Equal("56.0,276.0 248.0,161.0 440.0,46.0", (string?)picture.Element(Svg + "polyline")!.Attribute("points"));
        RequireTexts(picture, "reward", "a", "student");
    }

    private static void RequireTexts(XElement picture, params string[] expected)
    {
        string[] texts = [.. picture.Elements(Svg + "text").Select(text => text.Value)];
        Assert.All(expected, text => Assert.Contains(text, texts));
    }

    private static double Number(XElement element, string attribute) => double.Parse(element.Attribute(attribute)!.Value, CultureInfo.InvariantCulture);
}
