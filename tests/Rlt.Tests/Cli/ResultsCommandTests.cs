using System.Text.Json.Nodes;

namespace Rlt.Tests.Cli;

/// <summary>results and eval compare: intervals that stay within what a share can be, and nothing dropped in silence.</summary>
public sealed class ResultsCommandTests : IDisposable
{
    private readonly CommandLine _rlt = new();

    public void Dispose() => _rlt.Dispose();

    /// <summary>A summary of an earlier version has half a width alone, by which the interval would begin below zero; its rows tell the interval.</summary>
    [Fact]
    public void Results_SummaryWithoutTheInterval_TakesItFromTheRows()
    {
        Evaluation("new", right: 0, withInterval: true);
        Evaluation("old", right: 0, withInterval: false);
        CommandResult result = _rlt.Run("results", "@new", "@old", "--svg", "@results.svg");
        Assert.Equal((0, ""), (result.Exit, result.Errors));
        string[] rows = [.. result.Output.Split('\n').Where(line => line.StartsWith("| new", StringComparison.Ordinal) || line.StartsWith("| old", StringComparison.Ordinal))];
        Assert.Equal("| new | 0.0% (0.0 to 27.8) | 10 | 1 | 0.0% | 3 |", rows[0]);
        Assert.Equal(rows[0][5..], rows[1][5..]);
        string svg = File.ReadAllText(_rlt["results.svg"]);
        Assert.Contains("0.0%", svg, StringComparison.Ordinal);
        Assert.DoesNotContain("±", result.Output + svg, StringComparison.Ordinal);
    }

    /// <summary>A tracker's import: a row a step, a column a figure, whatever the run's command.</summary>
    [Fact]
    public void Results_Csv_HasARowAStep()
    {
        Directory.CreateDirectory(_rlt["a"]);
        _rlt.Write("a/config.yaml", "");
        _rlt.Write("a/metrics.jsonl", """
            {"loss": 1.5, "step": 1, "note": "x"}
            {"loss": 0.25, "step": 2, "validation_loss": 1e-7}

            """);
        CommandResult result = _rlt.Run("results", "@a", "--csv", "@csv");
        Assert.Equal((0, _rlt["csv/a.csv"] + "\n"), (result.Exit, result.Output));
        Assert.Equal("step,loss,validation_loss\n1,1.5,\n2,0.25,1E-07\n", File.ReadAllText(_rlt["csv/a.csv"]));
        CommandResult twice = _rlt.Run("results", "@a", $"a={_rlt["a"]}", "--csv", "@csv");
        Assert.Equal((2, $"{_rlt["a"]}: another run's steps are in {_rlt["csv/a.csv"]} already. Name the runs: NAME={_rlt["a"]}"), (twice.Exit, twice.Message));
    }

    [Fact]
    public void Results_NoRowsEither_SaysThatThereIsNoInterval()
    {
        Evaluation("old", right: 5, withInterval: false);
        File.Delete(_rlt["old/results.jsonl"]);
        CommandResult result = _rlt.Run("results", "@old");
        Assert.Equal(
            (0, $"warning: {_rlt["old"]}: no interval; its summary.json is of an earlier version, and its results.jsonl is not all there\n"), (result.Exit, result.Errors));
        Assert.Contains("| old | 50.0% (–) | 10 |", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Results_RunsThatAreNotInTheTables_AreNamed()
    {
        Evaluation("a", right: 5, withInterval: true);
        CommandResult result = _rlt.Run("results", "@a", "@absent");
        Assert.Equal(0, result.Exit);
        Assert.Equal(
            $"warning: {_rlt["absent"]}: left out; no steps of train-teacher (metrics.jsonl), nor a finished run of eval (summary.json)\n", result.Errors);
    }

    [Fact]
    public void Results_TwoTeachersInAPicture_SaysWhoseCurvesItHas()
    {
        foreach (string name in new[] { "one", "two" })
        {
            Directory.CreateDirectory(_rlt[name]);
            _rlt.Write($"{name}/metrics.jsonl",
                "{\"step\": 1, \"reward\": -1.0, \"solution_score\": -0.5, \"think_kl\": 0.5, \"match\": 0.0, \"completion_tokens\": 3.0, \"empty\": 0.0}\n");
        }

        Assert.Equal("warning: the picture has the curves of one alone, not of two\n", _rlt.Run("results", "@one", "@two", "--svg", "@results.svg").Errors);
        Assert.Equal("", _rlt.Run("results", "@one", "@two").Errors);
    }

    [Fact]
    public void Compare_BenchmarksOfOneSideAndUnfinishedRuns_AreNamed()
    {
        Evaluation("a/first", right: 5, withInterval: true, "first");
        Evaluation("a/second", right: 5, withInterval: true, "second");
        Evaluation("b/first", right: 6, withInterval: true, "first");
        Directory.CreateDirectory(_rlt["b/third"]);
        _rlt.Write("b/third/config.yaml", "model: m\n");
        CommandResult result = _rlt.Run("eval", "compare", "@a", "@b");
        Assert.Equal(0, result.Exit);
        Assert.Equal(
            $"warning: {_rlt["a"]}: second is left out; {_rlt["b"]} has no run of it\n"
                + $"warning: {_rlt["b/third"]}: left out; no finished run of eval (summary.json)\n", result.Errors);
        Assert.Contains("| first | 10 | 50.0% | 60.0% | +10.0 (", result.Output, StringComparison.Ordinal);
    }

    private void Evaluation(string name, int right, bool withInterval, string benchmark = "questions")
    {
        Directory.CreateDirectory(_rlt[name]);
        var rows = Enumerable.Range(0, 10).Select(i => new JsonObject
        {
            ["index"] = i, ["sample"] = 0, ["id"] = $"q{i}", ["answer"] = "1", ["extracted"] = "1", ["correct"] = i < right, ["finish_reason"] = "stop", ["tokens"] = 3,
        });
        _rlt.Write($"{name}/results.jsonl", string.Concat(rows.Select(row => row.ToJsonString() + "\n")));
        var summary = new JsonObject
        {
            ["benchmark"] = benchmark, ["questions"] = 10, ["samples"] = 1, ["accuracy"] = right / 10.0, ["accuracy_95"] = 0.139, ["no_answer"] = 0.0, ["mean_tokens"] = 3.0,
        };
        if (withInterval)
        {
            summary["accuracy_interval"] = new JsonArray(0.0, 0.27753279);
        }

        _rlt.Write($"{name}/summary.json", summary.ToJsonString());
    }
}
