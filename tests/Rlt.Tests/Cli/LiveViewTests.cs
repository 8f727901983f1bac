using System.Text.Json.Nodes;
using Rlt.Cli;
using Spectre.Console;

namespace Rlt.Tests.Cli;

/// <summary>What a run looks like on terminals of several sizes; the approved texts are screens.</summary>
public sealed class LiveViewTests
{
    private static readonly string[] Shown = ["reward", "solution_score", "think_kl", "completion_tokens", "empty", "truncated"];

    [Theory]
    [InlineData(70, 24)]
    [InlineData(80, 24)]
    [InlineData(120, 30)]
    [InlineData(80, 12)]
    [InlineData(30, 8)]
    public void Screen_InTheMiddleOfARun_IsAsApproved(int width, int height)
    {
        using var screen = new TerminalScreen(width, height);
        using LiveView view = Started(screen);
        Assert.DoesNotContain(screen.Scrollback.Append(screen.Text), text => text.Count('╭') > 1);
        Approved.Equal($"Cli/Screens/running-{width}x{height}.txt", screen.Text);
    }

    [Fact]
    public void Columns_AsNumbersChange_StayWhereTheyAre()
    {
        using var screen = new TerminalScreen(100, 30);
        using LiveView view = Started(screen);
        int[] before = Places(screen);
        view.Show(Step(4, -0.000012345, seconds: 1234.5), 1234.5);
        view.Within("backward", 1, 7);
        view.Refresh();
        Assert.Equal(before, Places(screen));

        static int[] Places(TerminalScreen screen) =>
        [
            .. screen.Text.Split('\n').SelectMany(line => new[] { "tokens/s", "score", "peak", "step", "left", "sample" }
                .Select(part => line.IndexOf(part, StringComparison.Ordinal)).Append(line.Contains('░') ? -1 : line.IndexOfAny([.. "▁▂▃▄▅▆▇█"]))),
        ];
    }

    /// <summary>Lines that the narrower terminal has folded are out of sight, and the one panel is whole.</summary>
    [Theory]
    [InlineData(70, 24)]
    [InlineData(100, 12)]
    [InlineData(140, 40)]
    public void Resize_Screen_HasOneWholePanel(int width, int height)
    {
        using var screen = new TerminalScreen(100, 24);
        using LiveView view = Started(screen);
        screen.Resize(width, height);
        view.Refresh();
        using var fresh = new TerminalScreen(width, height);
        using LiveView same = Started(fresh);
        Assert.Equal(Panel(fresh.Text), Panel(screen.Text));
        Assert.Equal(1, screen.Text.Count('╭'));
        Assert.Equal(1, screen.Text.Count('╰'));

        static string Panel(string text) => text[text.IndexOf('╭', StringComparison.Ordinal)..];
    }

    /// <summary>The terminal writes ^C where the cursor stands; the next drawing takes it away, and what is said stands above.</summary>
    [Fact]
    public void CtrlC_Screen_IsAsApproved()
    {
        using var screen = new TerminalScreen(80, 24);
        using (LiveView view = Started(screen))
        {
            screen.Write("^C");
            view.Say("stopping after this step; once more to stop at once");
            Assert.DoesNotContain("^C", screen.Text, StringComparison.Ordinal);
            view.Show(Step(4, -0.4), 3);
        }

        screen.Write("rlt: stopped; go on with:\n");
        Approved.Equal("Cli/Screens/after-ctrl-c-80x24.txt", screen.Text);
    }

    [Fact]
    public void Warnings_AreYellow_AndCounted()
    {
        using var terminal = new StringWriter();
        using var view = new LiveView(new RunPanel("train-teacher", Shown), terminal, () => (100, 24), ColorSystemSupport.Standard);
        view.Begin(0, 4, "step");
        view.Say("warning: explanations are empty: empty is 1 at step 1", warning: true);
        view.Warn("explanations are empty", "explanations are empty: empty is 1 at step 1", 1);
        view.Warn("explanations are empty", "explanations are empty: empty is 0.9 at step 2", 2);
        view.Refresh();
        Assert.Contains("\e[93mwarning: explanations are empty: empty is 1 at step 1\e[0m", terminal.ToString(), StringComparison.Ordinal);
        Assert.Contains("\e[93mwarning ×2: explanations are empty: empty is 0.9 at step 2\e[0m", terminal.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Nothing is written while nothing changes.</summary>
    [Fact]
    public void Refresh_NothingHasChanged_WritesNothing()
    {
        using var terminal = new StringWriter();
        using var view = new LiveView(new RunPanel("eval", ["accuracy"]), terminal, () => (80, 24), ColorSystemSupport.NoColors);
        view.Begin(0, 10, "question");
        int written = terminal.ToString().Length;
        view.Refresh();
        Assert.Equal(written, terminal.ToString().Length);
    }

    // Three steps of a run of 24 and a part of the fourth, with lines above the panel.
    private static LiveView Started(TerminalScreen screen)
    {
        var view = new LiveView(new RunPanel("train-teacher", Shown), screen, () => (screen.Columns, screen.Rows), ColorSystemSupport.NoColors);
        screen.Write("$ rlt train-teacher --config teacher.yaml\n");
        view.Begin(0, 24, "step");
        view.Say("train-teacher: 24 steps");
        for (int step = 1; step <= 3; step++)
        {
            view.Within("sample", 0.5, 1000);
            view.Refresh();
            view.Show(Step(step, -2 + (step / 2.0)), 2.5);
            view.Warn("explanations are empty", $"explanations are empty: empty is 0.8 at step {step}; the KL term outweighs the solution's; lower reward.think_kl.mean", step);
            view.Refresh();
        }

        view.Within("backward", 0.62, 12345);
        view.Refresh();
        return view;
    }

    private static JsonObject Step(int step, double reward, double seconds = 1) => new()
    {
        ["step"] = step, ["reward"] = reward, ["solution_score"] = reward / 2, ["think_kl"] = -reward / 2, ["completion_tokens"] = 41.5, ["empty"] = 0.8,
        ["truncated"] = 0, ["seconds_sample"] = seconds, ["sample_tokens_per_second"] = 1234 / seconds, ["seconds_score"] = 0.5, ["score_tokens_per_second"] = 23456,
        ["seconds_reference"] = 0.1, ["reference_tokens_per_second"] = 34567, ["seconds_backward"] = 0.7, ["backward_tokens_per_second"] = 4567,
        ["seconds_optimizer"] = 0.05, ["resident_mib"] = 1234, ["peak_mib"] = 2345,
    };
}
