using System.Text.Json.Nodes;
using System.Xml.Linq;
using Rlt.Tests.Studies;

namespace Rlt.Tests.Cli;

/// <summary>study, end to end, on made-up runs.</summary>
public sealed class StudyCommandTests : IDisposable
{
    private readonly CommandLine _rlt = new();
    private readonly MadeUpExperiment _runs = new();
    private readonly string _config;

    public StudyCommandTests()
    {
        foreach (int seed in new[] { 1, 2 })
        {
            _runs.Eval($"a-{seed}", "0 0 0 0 0 0 0 1");
            _runs.Eval($"b-{seed}", "1 1 1 1 1 1 1 1");
            _runs.Eval($"c-{seed}", "1 1 1 1 0 0 0 1");
            _runs.Traces($"ta-{seed}", -2, -3);
            _runs.Traces($"tb-{seed}", -1, -1.5);
            _runs.Traces($"tc-{seed}", -2, -2);
        }

        _config = _runs.Config("""
              - title: Teaching | imitation
                text: Both see *the same* questions.
                arms:
                  - {name: a, label: imitation, eval: "a-{seed}", traces: "ta-{seed}/traces.jsonl"}
                  - {name: b, label: teaching, eval: "b-{seed}", traces: "tb-{seed}/traces.jsonl"}
                compare: [{arm: b, over: a, claim: true}, {arm: a, over: b, claim: true}]
                samples: {questions: 1, arms: [a, b]}
              - title: Reward
                arms:
                  - {name: a, label: a, eval: "a-{seed}", traces: "ta-{seed}/traces.jsonl"}
                  - {name: b, label: b, eval: "b-{seed}", traces: "tb-{seed}/traces.jsonl"}
                  - {name: c, label: c, eval: "c-{seed}", traces: "tc-{seed}/traces.jsonl"}
                correlation: {claim: true, x: reward, arms: [a, b, c]}
            """);
    }

    public void Dispose()
    {
        _rlt.Dispose();
        _runs.Dispose();
    }

    [Fact]
    public void Study_FinishedRuns_WritesReportPicturesAndNumbers()
    {
        CommandResult result = _rlt.Run("study", "--config", _config, "--out", "@study");
        Assert.Equal(0, result.Exit);
        string report = File.ReadAllText(_rlt["study/report.md"]);
        Assert.Contains("| Teaching \\| imitation | teaching (b) is above imitation (a) | +87.5 points, 95% interval 26.7 to 97.8 | **holds** |", result.Output, StringComparison.Ordinal);
        Assert.Contains(result.Output.TrimEnd(), report, StringComparison.Ordinal);
        Assert.Contains("- **imitation (a) is above teaching (b)**: does not hold over 2 seeds (−87.5 points, 95% interval −97.8 to −26.7; it is below). By seed: −87.5 · −87.5", report, StringComparison.Ordinal);
        Assert.Contains("**Accuracy grows with reward**: holds (r = ", report, StringComparison.Ordinal);
        Assert.Contains("| **a** | imitation | 12.5% (2.2 to 47.1) | 12.5% · 12.5% | 0.0% | 10 |", report, StringComparison.Ordinal);
        Assert.Contains("````text\nta-1 explains 0 with ``` in it.\n````", report, StringComparison.Ordinal);
        foreach (string picture in new[] { "section-1.svg", "section-2-correlation.svg" })
        {
            Assert.Contains($"({picture})", report, StringComparison.Ordinal);
            Assert.Equal("svg", XElement.Load(_rlt["study/" + picture]).Name.LocalName);
        }
    }

    [Fact]
    public void Study_Json_HasEachSeedsNumbers()
    {
        Assert.Equal(0, _rlt.Run("study", "--config", _config, "--out", "@study").Exit);
        JsonObject study = Golden.Json(_rlt["study/study.json"]);
        JsonNode section = study["sections"]![0]!;
        Assert.Equal([0.125, 0.125], section["arms"]![0]!["seeds"]!.AsArray().Select(seed => seed!["accuracy"]!.GetValue<double>()));
        Assert.Equal(-2.5, section["arms"]![0]!["traces"]!["reward"]!.GetValue<double>());
        Assert.Equal(0.875, section["comparisons"]![0]!["difference"]!.GetValue<double>());
        Assert.Equal(["holds", "does_not_hold", "holds"], study["claims"]!.AsArray().Select(claim => claim!["verdict"]!.GetValue<string>()));
        Assert.Equal(6, study["sections"]![1]!["correlation"]!["points"]!.AsArray().Count);
    }

    [Fact]
    public void Study_MissingRun_IsAnErrorOrSaid()
    {
        Directory.Delete(_runs["c-2"], recursive: true);
        CommandResult refused = _rlt.Run("study", "--config", _config, "--out", "@study");
        Assert.Equal((2, $"Reward: arm 'c', seed 2: {_runs["c-2"]} is no finished run of eval (no summary.json). Run it, correct the path or --runs, or give --partial to leave it out."), (refused.Exit, refused.Message));
        Assert.False(Directory.Exists(_rlt["study"]));
        Assert.Equal(0, _rlt.Run("study", "--config", _config, "--out", "@study", "--partial").Exit);
        string report = File.ReadAllText(_rlt["study/report.md"]);
        Assert.Contains($"- Reward: arm 'c', seed 2: {_runs["c-2"]} is no finished run of eval (no summary.json)", report, StringComparison.Ordinal);
        Assert.Contains("3 arms with one seed", report, StringComparison.Ordinal);
    }

    [Fact]
    public void Study_RunsElsewhere_AreFoundByTheOption()
    {
        string config = _rlt.Write("study.yaml", File.ReadAllText(_config).Replace($"runs: {_runs[""]}", "runs: nowhere", StringComparison.Ordinal));
        Assert.Equal(2, _rlt.Run("study", "--config", config, "--out", "@study").Exit);
        Assert.Equal(0, _rlt.Run("study", "--config", config, "--out", "@study", "--runs", _runs[""]).Exit);
    }
}
