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
    public void Results_LinesAndBars_HaveAxesWithUnitsAndColoursOfTheirOwn()
    {
        XElement picture = XElement.Parse(ResultsChart.Svg(
            [new ChartLine("reward", [-0.42, -0.3, -0.11]), new ChartLine("solution score", [-0.2, -0.2, -0.1])],
            [new SeedBar("", "a student", 0.05, 0.04, 0.06, []), new SeedBar("", "another one", 0.08, 0.07, 0.09, [])]));
        RequireTexts(picture, "teacher: reward and its parts, nats", "step", "1", "2", "3", "−0.5", "−0.1", "reward −0.11", "students: accuracy on held-out questions, %", "10%", "a student", "5.0%");
        string[] colors = [.. picture.Elements(Svg + "polyline").Select(line => (string)line.Attribute("stroke")!),
            .. picture.Elements(Svg + "rect").Where(bar => bar.Attribute("opacity") is not null).Select(bar => (string)bar.Attribute("fill")!)];
        Assert.Equal((4, 4), (colors.Length, colors.Distinct().Count()));

        // The curve fills its room: from near the least tick, −0.5, to near the largest, −0.1, at the first and the last step.
        double[] places = [.. ((string)picture.Elements(Svg + "polyline").First().Attribute("points")!).Split(' ', ',').Select(place => double.Parse(place, CultureInfo.InvariantCulture))];
        Assert.Equal([56, 214.8, 248, 153, 440, 55.2], places);
    }

    [Theory]
    [InlineData(-0.42, -0.11, new[] { -0.5, -0.4, -0.3, -0.2, -0.1 })]
    [InlineData(0, 24, new[] { 0, 5.0, 10, 15, 20, 25 })]
    [InlineData(3, 3, new[] { 2.6, 2.8, 3, 3.2, 3.4 })]
    public void Ticks_AroundValues_AreRound(double low, double high, double[] expected) =>
        Assert.Equal(expected, Ticks.Around(low, high).Select(tick => Math.Round(tick, 9)));

    private static void RequireTexts(XElement picture, params string[] expected)
    {
        string[] texts = [.. picture.Elements(Svg + "text").Select(text => text.Value)];
        Assert.All(expected, text => Assert.Contains(text, texts));
    }

    private static double Number(XElement element, string attribute) => double.Parse(element.Attribute(attribute)!.Value, CultureInfo.InvariantCulture);
}
