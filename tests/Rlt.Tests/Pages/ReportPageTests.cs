using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Rlt.Reports;
using Rlt.Statistics;

namespace Rlt.Tests.Pages;

/// <summary>The report as a reader sees and uses it; the approved texts are outlines of what the page's script has drawn.</summary>
public sealed class ReportPageTests
{
    private readonly Lazy<OpenPage> _opened = new(() => new OpenPage(ReportPage.Html([Run("a", 0.001), Run("b", 0.01), Evaluated("eval-a", 0.04), Evaluated("eval-b", 0.5)], 0)));

    private OpenPage Page => _opened.Value;

    [Fact]
    public void Sections_ExplanationsComeFirst() => Assert.Equal(
        ["Explanations", "Evaluations", "Settings that differ: a, b", "Curves", "Reward against length"], Page.Texts("h2"));

    /// <summary>The best explanation of the latest step is open, and a few more are there; the rest is asked for.</summary>
    [Fact]
    public void Explanations_BestOfTheLatestStepFirst()
    {
        Assert.StartsWith("a, step 8bestreward -0.2", Page.Texts("#samples summary")[0], StringComparison.Ordinal);
        Assert.Equal(6, Page.All("#samples details").Length);
        Assert.True(Page["#samples details"].HasAttribute("open"));
        Page.Press("#more");
        Assert.Equal(18, Page.All("#samples details").Length);
    }

    [Fact]
    public void Curves_AreGroupedByWhatOneAsks() => Approved.Equal("Pages/report-curves.txt", Page.Outline("#curves"));

    [Fact]
    public void Tables_EvaluationsAndSettings_AreAsApproved() => Approved.Equal("Pages/report-tables.txt", Page.Outline("#evaluations") + Page.Outline("#settings-0"));

    [Fact]
    public void Scatter_IsAsApproved() => Approved.Equal("Pages/report-scatter.txt", Page.Outline("#lengths"));

    [Fact]
    public void Guards_ThatAreAlwaysZero_AreOneLine()
    {
        Assert.Equal("always 0: truncated, copies_solution", Page.Texts("#curves details:nth-of-type(2) .zero").Single());
        Assert.DoesNotContain(Page.Texts("figcaption"), caption => caption.StartsWith("truncated", StringComparison.Ordinal));
    }

    /// <summary>Numbers last seen stand in the colour of the run's curve.</summary>
    [Fact]
    public void Legend_LastValues_HaveTheRunsColour()
    {
        string[] colors = [.. Page.All("#curves figure").First().QuerySelectorAll(".last span").Select(value => value.GetAttribute("style")!["color:".Length..])];
        Assert.Equal(["var(--c0)", "var(--c1)"], colors);
        Assert.Equal([.. colors.Select(color => "stroke:" + color)], Page.All("#curves figure").First().QuerySelectorAll(".curve").Select(curve => curve.GetAttribute("style")!));
        Assert.Equal(["a -0.2", "b -0.4"], Page.All("#curves figure").First().QuerySelectorAll(".last span").Select(value => value.TextContent));
    }

    /// <summary>A smoothed curve lies between its neighbours, and the values stay visible behind it.</summary>
    [Fact]
    public void Smoothing_AddsTheRawCurveBehindASmootherOne()
    {
        Assert.Empty(Page.All("#curves .raw"));
        double before = Roughness(Page.All("#curves .curve")[2].GetAttribute("d")!);
        Page.Set("#smoothing", "0.8");
        Assert.NotEmpty(Page.All("#curves .raw"));
        Assert.InRange(Roughness(Page.All("#curves .curve")[2].GetAttribute("d")!), 0, before / 2);

        static double Roughness(string path)
        {
            double[] heights = [.. Heights(path)];
            return Enumerable.Range(2, heights.Length - 2).Sum(i => Math.Abs(heights[i] - (2 * heights[i - 1]) + heights[i - 2]));
        }
    }

    /// <summary>On a log axis what falls by the same factor falls by the same length; a curve with values below zero says that it is not on one.</summary>
    [Fact]
    public void LogAxis_EqualFactors_AreEqualLengths()
    {
        Page.Set("#log", "on");
        double[] heights = [.. Heights(Figure("grad_norm").QuerySelector(".curve")!.GetAttribute("d")!)];
        double[] falls = [.. heights.Skip(1).Zip(heights, (later, earlier) => later - earlier)];
        Assert.All(falls, fall => Assert.Equal(falls[0], fall, 0.11));
        Assert.Contains("not on a log axis", Figure("reward").TextContent, StringComparison.Ordinal);
        Assert.Contains("10", Figure("grad_norm").QuerySelectorAll(".tick").Select(tick => tick.TextContent));
    }

    /// <summary>Over time steps lie as far apart as they took; the axis says its unit.</summary>
    [Fact]
    public void TimeAxis_StepsLieWhereTheyEnded()
    {
        Assert.Equal("step", Figure("reward").QuerySelector(".axis")!.TextContent);
        Page.Set("#axis", "seconds");
        Assert.Equal("minutes", Figure("reward").QuerySelector(".axis")!.TextContent);
        double[] places = [.. Regex.Matches(Figure("reward").QuerySelector(".curve")!.GetAttribute("d")!, @"[ML]([\d.]+) ").Select(match => Number(match.Groups[1].Value))];

        // Each step takes 10 s longer than the one before: 20, 30, … 80 s apart of 350 s, over 300 units.
        Assert.All(Enumerable.Range(1, 7), step => Assert.Equal(300.0 * 10 * (step + 1) / 350, places[step] - places[step - 1], 0.11));
    }

    /// <summary>Steps 3 and 4 were warned of, and the run went on after step 5.</summary>
    [Fact]
    public void Events_AreMarkedOnTheAxis()
    {
        Placed warned = new(Figure("reward").QuerySelector(".warned")!), resumed = new(Figure("reward").QuerySelector(".resumed")!);
        Assert.Equal((X(3) - 2, X(4) + 2, 156), (warned["x1"], warned["x2"], warned["y1"]));
        Assert.Equal((X(5), X(5)), (resumed["x1"], resumed["x2"]));

        static double X(int step) => Math.Round(50 + (300 * (step - 1) / 7.0), 1);
    }

    [Fact]
    public void Metrics_OnHover_SayWhatTheyMean()
    {
        AngleSharp.Dom.IElement name = Figure("empty").QuerySelector(".name")!;
        name.Dispatch(new AngleSharp.Dom.Events.Event("focus"));
        Assert.Equal("Share of explanations without a word.", Page["#tip"].TextContent);
        Assert.False(Page["#tip"].HasAttribute("hidden"));
    }

    [Fact]
    public void Ticks_AreRound() => Assert.All(
        Page.All("#curves .tick, #lengths .tick").Select(tick => tick.TextContent),
        tick => Assert.Matches(@"^-?(0|0?\.?0*[1-9](\.?[0-9])?0*|\d{1,2}(\.[05])?|\d+\.\d*[05]?)(e-\d+)?[kM]?$", tick));

    /// <summary>Text in each run's colour can be read on both backgrounds (WCAG 2: 4.5 to 1).</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Colours_OnTheirBackground_CanBeRead(int theme)
    {
        string css = ReportPage.Html([Run("a", 1)], 0);
        var colors = Regex.Matches(css, @"--(\w+): light-dark\((#\w{6}), (#\w{6})\)").ToDictionary(match => match.Groups[1].Value, match => match.Groups[2 + theme].Value);
        double behind = Luminance(colors["panel"]);
        Assert.All([.. Enumerable.Range(0, 8).Select(i => $"c{i}"), "text", "quiet", "alarm"], name =>
        {
            double front = Luminance(colors[name]);
            Assert.InRange((Math.Max(front, behind) + 0.05) / (Math.Min(front, behind) + 0.05), 4.5, 21);
        });
        Assert.Equal(8, Enumerable.Range(0, 8).Select(i => colors[$"c{i}"]).Distinct().Count());

        static double Luminance(string color) => new[] { 0.2126, 0.7152, 0.0722 }.Select((weight, i) =>
        {
            double part = int.Parse(color.AsSpan(1 + (2 * i), 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0;
            return weight * (part <= 0.04045 ? part / 12.92 : Math.Pow((part + 0.055) / 1.055, 2.4));
        }).Sum();
    }

    private static IEnumerable<double> Heights(string path) => Regex.Matches(path, @"[ML][\d.]+ ([\d.]+)").Select(match => Number(match.Groups[1].Value));

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private AngleSharp.Dom.IElement Figure(string metric) => Page.All("#curves figure").Single(figure => figure.QuerySelector(".name")!.TextContent == metric);

    // Eight steps that get slower; two of them with empty explanations, and a stop after the fifth.
    private static ReportRun Run(string name, double learningRate) => new(
        name,
        [
            .. Enumerable.Range(1, 8).Select(step => new JsonObject
            {
                ["step"] = step, ["reward"] = Math.Round((name == "a" ? -1.8 : -2) + (0.2 * step), 3), ["reward_p10"] = -2.5, ["reward_p90"] = 0,
                ["solution_score"] = step % 2 == 0 ? -0.5 : -0.7, ["grad_norm"] = 1000 * Math.Pow(0.5, step), ["learning_rate"] = learningRate,
                ["empty"] = step is 3 or 4 ? 0.75 : 0, ["truncated"] = 0, ["copies_solution"] = 0, ["step_seconds"] = 10 * step,
            }),
        ],
        [
            .. Enumerable.Range(0, 24).Select(i => new JsonObject
            {
                ["step"] = (i / 3) + 1, ["question"] = $"{i} and 3?", ["solution"] = $"{i + 3}", ["completion"] = $"add 3 to {i}", ["completion_tokens"] = 10 + i, ["reward"] = -1.8 + (0.2 * ((i / 3) + 1)) - (i % 3),
            }),
        ],
        IsFinished: true)
    {
        Settings = new Dictionary<string, string>
        {
            ["model"] = "m", ["steps"] = "8", ["optimizer.learning_rate"] = learningRate.ToString(CultureInfo.InvariantCulture), ["out"] = name,
        },
        Resumes = name == "a" ? [5] : [],
    };

    private static ReportRun Evaluated(string name, double accuracy) => new(name, [], [], IsFinished: true)
    {
        Evaluation = new EvaluatedRun(
            new JsonObject { ["benchmark"] = null, ["data"] = "x/held<out.jsonl", ["accuracy"] = accuracy, ["questions"] = 200, ["samples"] = 1, ["truncated"] = 0.01, ["no_answer"] = 0.02, ["mean_tokens"] = 35.2 },
            new Interval(accuracy - 0.03, accuracy + 0.05)),
    };

    private sealed record Placed(AngleSharp.Dom.IElement Element)
    {
        public double this[string attribute] => Number(Element.GetAttribute(attribute)!);
    }
}
