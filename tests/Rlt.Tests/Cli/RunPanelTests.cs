using System.Text.Json.Nodes;
using Rlt.Cli;
using Spectre.Console;

namespace Rlt.Tests.Cli;

/// <summary>What the terminal shows of a run.</summary>
public sealed class RunPanelTests
{
    [Fact]
    public void Sparkline_Values_AreScaledAndFit()
    {
        Assert.Equal("▁▅█", Sparkline.Of([-1, 0, 1], 10));
        Assert.Equal("▅▅", Sparkline.Of([3, 3], 10));
        Assert.Equal("▁ █", Sparkline.Of([0, double.NaN, 1], 10));
        Assert.Equal("", Sparkline.Of([], 10));

        // Ten values in four places: means of 0–2, 3–5, 6–8 and 9.
        Assert.Equal("▁▄▆█", Sparkline.Of([.. Enumerable.Range(0, 10).Select(i => (double)i)], 4));
    }

    [Fact]
    public void Render_Steps_ShowsProgressPhasesAndTheLastWarnings()
    {
        var panel = new RunPanel("train-teacher", ["reward", "think_kl"]) { Total = 4 };
        Assert.Contains("the first of 4 steps", Text(panel), StringComparison.Ordinal);
        panel.Add(Step(1, -2), 10);
        panel.Add(Step(2, -1), 10);
        foreach (string warning in new[] { "one", "two", "three [red]", "four" })
        {
            panel.Warn(warning);
        }

        string text = Text(panel);
        foreach (string part in new[] { "train-teacher", "step 2/4", "10 s/step", "00:00:20 left", "sample 75%", "score 25%", "sample 1,200", "peak 1.5 GiB", "warning: three [red]", "▁█" })
        {
            Assert.Contains(part, text, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("warning: one", text, StringComparison.Ordinal);
        Assert.DoesNotContain("think_kl", text, StringComparison.Ordinal);
    }

    private static JsonObject Step(int step, double reward) => new()
    {
        ["step"] = step, ["reward"] = reward, ["seconds_sample"] = 3, ["seconds_score"] = 1, ["sample_tokens_per_second"] = 1200, ["peak_mib"] = 1536,
    };

    private static string Text(RunPanel panel)
    {
        using var writer = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(writer) });
        console.Profile.Width = 120;
        console.Write(panel.Render());
        return writer.ToString();
    }
}
