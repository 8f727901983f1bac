using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Rlt.Reports;
using Rlt.Tests.Data;

namespace Rlt.Tests.Reports;

/// <summary>The report's data and page.</summary>
public sealed class ReportTests : IDisposable
{
    private const string Details = """
        {"explanation_spans": [[0, 3], [4, 6]], "teacher_logprobs": [-0.12345, -1], "student_logprobs": [-2, -1.5],
         "solution_spans": [[0, 1]], "solution_logprobs": [-0.5], "solution_logprobs_without": [null], "explanation": "add up"}
        """;

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Of_Runs_HasCurvesAndExplanations()
    {
        JsonObject data = ReportData.Of([Run("a", 2), Run("b", 1)], refreshSeconds: 0);
        Assert.Equal(["a", "b"], data["runs"]!.AsArray().Select(run => run!["name"]!.GetValue<string>()));
        Assert.Equal("[1,2]", data["runs"]![0]!["steps"]!.ToJsonString());
        Assert.Equal("[-1.5,-0.5]", data["runs"]![0]!["metrics"]!["reward"]!.ToJsonString());

        // A metric that came later has a gap before it.
        Assert.Equal("[null,0.5]", data["runs"]![0]!["metrics"]!["clip_ratio"]!.ToJsonString());
        Assert.Equal(["Is it learning?", "Is it healthy?", "Is it fast?"], data["questions"]!.AsArray().Select(one => one!["title"]!.GetValue<string>()));
        Assert.Equal(["""["reward","reward_p10"]""", """["clip_ratio"]""", "[]"], data["questions"]!.AsArray().Select(one => one!["metrics"]!.ToJsonString()));
        Assert.Equal([0, 0, 1, 1], data["samples"]!.AsArray().Select(sample => sample!["run"]!.GetValue<int>()));
        JsonNode? expected = JsonNode.Parse(
            """{"run":0,"step":1,"question":"2 and 3?","solution":"5","explanation":"add up</e>","reward":-1,"solution_score":null,"think_kl":null,"length":4}""");
        Assert.True(JsonNode.DeepEquals(expected, JsonNode.Parse(data["samples"]![0]!.ToJsonString())), data["samples"]![0]!.ToJsonString());
    }

    [Fact]
    public void DetailsOf_Row_AreRoundedAndComplete()
    {
        JsonObject details = ReportData.DetailsOf(Run("a", 1).Samples[1])!;
        Assert.Equal(
            """{"explanation_spans":[[0,3],[4,6]],"teacher_logprobs":[-0.123,-1],"student_logprobs":[-2,-1.5],"solution_spans":[[0,1]],"solution_logprobs":[-0.5],"solution_logprobs_without":[null]}""",
            details.ToJsonString());
        Assert.Null(ReportData.DetailsOf(Run("a", 1).Samples[0]));
        Assert.Null(ReportData.DetailsOf(JsonNode.Parse("""{"details": {"teacher_logprobs": [-1]}}""")!.AsObject()));
    }

    [Fact]
    public void Html_HostileTexts_StayData()
    {
        const string hostile = "</script><script>alert(1)</script><!-- {{script}} {{title}} & \" \u2028";
        var sample = new JsonObject { ["question"] = hostile, ["solution"] = hostile, ["completion"] = hostile };
        string page = ReportPage.Html([new ReportRun(hostile, [], [sample], IsFinished: true)], refreshSeconds: 0);
        Assert.DoesNotContain("alert(1)</script>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", page, StringComparison.Ordinal);
        Assert.Equal(2, Regex.Count(page, "<script"));
        Assert.Equal(2, Regex.Count(page, "</script>"));
        JsonNode data = JsonNode.Parse(Regex.Match(page, "id=\"data\">(.*?)</script>", RegexOptions.Singleline).Groups[1].Value)!;
        Assert.Equal(hostile, data["samples"]![0]!["question"]!.GetValue<string>());
        Assert.Equal(hostile, data["runs"]![0]!["name"]!.GetValue<string>());
    }

    [Fact]
    public void Html_Page_FetchesNothing()
    {
        string page = ReportPage.Html([Run("a", 2)], refreshSeconds: 15);
        Assert.Contains("default-src 'none'", page, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"(src|href)=|@import|\burl\(|\bfetch\(|XMLHttpRequest", page);
        Assert.Contains("\"refresh_seconds\":15", page, StringComparison.Ordinal);
        Assert.Contains("id=\"detail-1\">{\"explanation_spans\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("{{", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_RunScoredFileAndNothing()
    {
        string run = _scratch["run"];
        Directory.CreateDirectory(run);
        Assert.Contains("run: nothing to show; expected the directory of a run", Assert.Throws<DataException>(() => ReportRun.Read(run)).Message, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(run, "metrics.jsonl"), "{\"step\":1,\"reward\":2}\n{\"step\":2,\"rew");
        File.WriteAllText(Path.Combine(run, "traces.jsonl"), "{\"question\":\"q\",\"solution\":\"s\",\"explanation\":\"e\",\"explanation_tokens\":7}\n{\"question\":\"q\",\"dropped\":\"no tag\"}\n");
        ReportRun read = ReportRun.Read("first=" + run);
        Assert.Equal(("first", 1, 1, false), (read.Name, read.Metrics.Count, read.Samples.Count, read.IsFinished));
        Assert.Equal("{\"run\":0,\"step\":null,\"question\":\"q\",\"solution\":\"s\",\"explanation\":\"e\",\"reward\":null,\"solution_score\":null,\"think_kl\":null,\"length\":7}", ReportData.Of([read], 0)["samples"]![0]!.ToJsonString());
        Directory.CreateDirectory(Path.Combine(run, "model"));
        Assert.True(ReportRun.Read(run + "/").IsFinished);
        Assert.Equal("run", ReportRun.Read(run + "/").Name);

        string scored = _scratch.Write("scored.jsonl", $"{{\"question\":\"q\",\"solution\":\"s\",\"explanation\":\"  add up\",\"details\":{Details.ReplaceLineEndings("")}}}\n");
        Assert.Equal("add up", ReportData.Of([ReportRun.Read(scored)], 0)["samples"]![0]!["explanation"]!.GetValue<string>());
    }

    private static ReportRun Run(string name, int steps) => new(
        name,
        [.. new[] { """{"step":1,"reward":-1.5,"reward_p10":-2}""", """{"step":2,"reward":-0.5,"reward_p10":-1,"clip_ratio":0.5}""" }.Take(steps).Select(line => JsonNode.Parse(line)!.AsObject())],
        [
            JsonNode.Parse("""{"step":1,"question":"2 and 3?","solution":"5","completion":"add up</e>","completion_tokens":4,"reward":-1}""")!.AsObject(),
            JsonNode.Parse("""{"step":1,"question":"2 and 3?","solution":"5","completion":"add up</e>","reward":-2,"details":DETAILS}""".Replace("DETAILS", Details, StringComparison.Ordinal))!.AsObject(),
        ],
        IsFinished: true);
}
