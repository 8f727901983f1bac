using System.Text.Json.Nodes;
using Rlt.Reports;
using Rlt.Tests.Data;

namespace Rlt.Tests.Reports;

/// <summary>What is said of the course of rounds, from made-up evaluations of 100 questions.</summary>
public sealed class RoundReportTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    // Each number is how many of the 100 questions a round answers, the same ones first.
    [Theory]
    [InlineData(new[] { 20, 40, 70 }, "climbs: round 3 is better than round 2")]
    [InlineData(new[] { 20, 60, 61, 60 }, "saturates: round 2 was better than the one before, none since is told apart from its own")]
    [InlineData(new[] { 20, 60, 61, 30 }, "collapses: round 4 is −31.0 points from round 3, the best")]
    [InlineData(new[] { 50, 51 }, "does not move: no round is told apart from the one before")]
    public void Markdown_Rounds_SayHowTheyWent(int[] right, string course)
    {
        string[] folders = [.. right.Select((count, round) => Evaluated($"eval-{round + 1}", count))];
        string report = RoundReport.Markdown(folders, new Dictionary<string, string[]> { ["eval"] = folders });
        Assert.EndsWith($"\n\neval: {course}\n", report, StringComparison.Ordinal);
        Assert.Equal(right.Length - 1, report.Split('\n').Count(line => line.StartsWith("| round ", StringComparison.Ordinal)));
        Assert.Contains($"| eval-1 | {right[0]}.0% (", report, StringComparison.Ordinal);
    }

    private string Evaluated(string name, int right)
    {
        Directory.CreateDirectory(_scratch[name]);
        _scratch.Write($"{name}/results.jsonl", string.Concat(Enumerable.Range(0, 100).Select(i => new JsonObject
        {
            ["index"] = i, ["sample"] = 0, ["id"] = $"q{i}", ["answer"] = "1", ["correct"] = i < right,
        }.ToJsonString() + "\n")));
        _scratch.Write($"{name}/summary.json", new JsonObject
        {
            ["data"] = "q.jsonl", ["accuracy"] = right / 100.0, ["questions"] = 100, ["samples"] = 1, ["no_answer"] = 0.0,
        }.ToJsonString());
        return _scratch[name];
    }
}
