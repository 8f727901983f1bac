using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Rlt.Runs;
using Rlt.Tests.Pages;

namespace Rlt.Tests.Cli;

/// <summary>report on runs that the commands have made.</summary>
public sealed class ReportCommandTests : IDisposable
{
    private readonly CommandLine _rlt = new();

    public void Dispose() => _rlt.Dispose();

    /// <summary>A folder of two teachers, one of which collapsed and went on after it, and an evaluation.</summary>
    [Fact]
    public void Report_FolderOfRuns_HasTheirEventsSettingsAndEvaluations()
    {
        _rlt.Write("stopping.yaml", "base: teacher.yaml\nsteps: 4\nstop_when: {truncated: 0.9, steps: 2}\n");
        Assert.Equal(3, _rlt.Run("train-teacher", "--config", "@stopping.yaml", "--out", "@runs/a").Exit);
        Assert.Equal(0, _rlt.Run("train-teacher", "--config", "@stopping.yaml", "--out", "@runs/a", "--set", "stop_when=null").Exit);
        Assert.Equal(0, _rlt.Run("train-teacher", "--config", "@teacher.yaml", "--out", "@runs/b", "--set", "optimizer.learning_rate=0.002", "--set", "steps=4").Exit);
        Assert.Equal(0, _rlt.Run("eval", "--config", "@eval.yaml", "--out", "@runs/eval").Exit);
        CommandResult result = _rlt.Run("report", "@runs", "-o", "@report.html");
        Assert.Equal((0, $"rlt: {_rlt["report.html"]}\n"), (result.Exit, result.Errors));

        string html = File.ReadAllText(_rlt["report.html"]);
        JsonNode run = JsonNode.Parse(Regex.Match(html, "id=\"data\">(.*?)</script>", RegexOptions.Singleline).Groups[1].Value)!["runs"]![0]!;
        Assert.Equal(("a", "[2]"), ((string)run["name"]!, run["resumes"]!.ToJsonString()));
        Assert.All(run["warnings"]!.AsArray(), (warnings, step) =>
            Assert.Contains(warnings!.AsArray().Select(warning => (string)warning!), warning => warning.StartsWith($"completions are cut off: truncated is 1 at step {step + 1}", StringComparison.Ordinal)));
        double[] seconds = [.. run["seconds"]!.AsArray().Select(value => (double)value!)];
        Assert.Equal((4, true), (seconds.Length, seconds.Order().SequenceEqual(seconds)));

        using var page = new OpenPage(html);
        Assert.Equal(["setting a b", "optimizer.learning_rate 0.001 0.002"], page.All("#settings-0 tr").Select(row => string.Join(' ', row.Children.Select(cell => cell.TextContent))));
        Assert.StartsWith("eval data.jsonl 0.0% (0.0 to 56.1)", string.Join(' ', page.All("#evaluations td").Select(cell => cell.TextContent)), StringComparison.Ordinal);
        Assert.NotEmpty(page.All("#curves .warned"));
        Assert.NotEmpty(page.All("#curves .resumed"));
    }

    /// <summary>Whatever a run writes down can be asked what it means.</summary>
    [Fact]
    public void Metrics_OfEveryRun_HaveAMeaning()
    {
        Assert.Equal(0, _rlt.Run("warmup", "--config", "@sft.yaml", "--out", "@runs/warmup").Exit);
        string[] clipped = ["--set", "loss.num_iterations=2", "--set", "loss.clip_low=0.2", "--set", "loss.clip_high=0.2"];
        Assert.Equal(0, _rlt.Run(["train-teacher", "--config", "@teacher.yaml", "--out", "@runs/teacher", .. clipped]).Exit);
        string[] solver = ["--set", "steps=1", "--set", "questions_per_step=2", "--set", "group_size=2", "--set", "max_new_tokens=5", "--set", "device.threads=1", "--set", "optimizer.learning_rate=1e-6"];
        CommandResult solved = _rlt.Run(["train-solver", "--model", "@model", "--data", "@data.jsonl", "--out", "@runs/solver", "--set", $"format={_rlt["format.yaml"]}", .. solver]);
        Assert.True(solved.Exit == 0, solved.Errors);
        Assert.Equal(0, _rlt.Run("collect", "--config", "@collect.yaml", "--student", "@student", "--out", "@runs/traces").Exit);
        string[] names = [.. new[] { "warmup", "teacher", "solver", "traces" }.SelectMany(run => _rlt.Rows($"runs/{run}/metrics.jsonl")).SelectMany(Metrics.Numbers).Select(metric => metric.Name).Distinct()];
        Assert.Contains("clip_ratio", names);
        Assert.Contains("whole_form", names);
        Assert.DoesNotContain(names, name => name != "step" && MetricTexts.Of(name) is null);
    }
}
