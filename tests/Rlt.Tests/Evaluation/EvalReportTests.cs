using System.Text.Json.Nodes;
using Rlt.Evaluation;
using Rlt.Reports;

namespace Rlt.Tests.Evaluation;

public sealed class EvalReportTests
{
    private static readonly EvalConfig Config = new() { Model = "M", Data = "D", Out = "O" };

    [Fact]
    public void Summary_OfRows_HasEveryFigure()
    {
        // Two of four right, then none: pass@2 of the first is 1 − 1/6; its vote is 7, the second's a wrong one.
        JsonObject summary = EvalSummary.Of(Config, new EvalSampling(4, 0.6, 1, 9), [.. Rows(0, "7+", "7+", "5", "-"), .. Rows(1, "3", "3", "2", "3!")]);
        Assert.Equal(0.25, Number("accuracy"), 1e-12);
        Assert.Equal(["1", "2", "4"], summary["pass_at_k"]!.AsObject().Select(pair => pair.Key));
        Assert.Equal([0.25, Math.Round(5.0 / 12, 9), 0.5], summary["pass_at_k"]!.AsObject().Select(pair => Math.Round(pair.Value!.GetValue<double>(), 9)));
        Assert.Equal(0.5, Number("majority"), 1e-12);
        Assert.Equal((1.0 / 8, 1.0 / 8, 10), (Number("truncated"), Number("no_answer"), Number("mean_tokens")));
        string table = EvalSummary.Table(summary);
        Assert.Contains("| accuracy (avg@4)     | 25.0%, 95% interval ", table, StringComparison.Ordinal);
        Assert.Contains("| maj@4                | 50.0% |", table, StringComparison.Ordinal);

        double Number(string key) => summary[key]!.GetValue<double>();
    }

    [Fact]
    public void Comparison_OfTwoRuns_NamesGainsAndClaimsNothingInTheNoise()
    {
        JsonObject[] first = [.. Enumerable.Range(0, 12).SelectMany(i => Rows(i, i < 6 ? "1+" : "0"))];
        JsonObject[] alike = [.. Enumerable.Range(0, 12).SelectMany(i => Rows(i, i is > 0 and < 9 ? "1+" : "0"))];
        JsonObject[] better = [.. Enumerable.Range(0, 13).SelectMany(i => Rows(i, "1+"))];
        var noise = EvalComparison.Of("aime", first, alike);
        Assert.Equal((12, 0, 0.5, 8.0 / 12), (noise.Questions, noise.Unpaired, noise.First, noise.Second));
        Assert.Equal(["q6", "q7", "q8"], noise.Gained);
        Assert.Equal(["q0"], noise.Lost);
        Assert.Equal(10.0 / 16, noise.PValue, 1e-12);
        Assert.Contains("no difference beyond the noise", EvalComparison.Markdown([noise]), StringComparison.Ordinal);
        Assert.Contains("aime: gained 3 (q6, q7, q8); lost 1 (q0)", EvalComparison.Markdown([noise]), StringComparison.Ordinal);

        var gain = EvalComparison.Of("aime", first, better);
        Assert.Equal((1, 2.0 / 64), (gain.Unpaired, gain.PValue));
        Assert.Contains("| aime | 12 | 50.0% | 100.0% | +50.0 (", EvalComparison.Markdown([gain]), StringComparison.Ordinal);
        Assert.Contains("| 0.031 | B is better |", EvalComparison.Markdown([gain]), StringComparison.Ordinal);
        Assert.Contains("| A is better |", EvalComparison.Markdown([EvalComparison.Of("aime", better, first)]), StringComparison.Ordinal);

        // Two benchmarks are two chances to be wrong: 0.031 twice is no claim.
        Assert.DoesNotContain("is better", EvalComparison.Markdown([gain, noise]), StringComparison.Ordinal);
    }

    [Fact]
    public void Comparison_OfOtherQuestions_IsRefused()
    {
        Assert.Contains("no question in common", Assert.Throws<DataException>(() => EvalComparison.Of("b", Rows(0, "1"), Rows(1, "1"))).Message, StringComparison.Ordinal);
        JsonObject[] other = Rows(0, "1");
        other[0]["answer"] = "8";
        Assert.Contains("question 'q0' has answer '1' in the first run and '8' in the second", Assert.Throws<DataException>(() => EvalComparison.Of("b", Rows(0, "1"), other)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Page_OfFailures_EscapesTextsAndNeedsNoOtherFile()
    {
        JsonObject[] rows = [.. Rows(0, "7+", "</script><b>5"), .. Rows(1, "-", "4!")];
        rows[1]["response"] = "<img src=x onerror=alert(1)>" + new string('x', 20_000);
        rows[1]["prompt"] = "2 < 3 & \"what\"?";
        string page = FailurePage.Html(EvalSummary.Of(Config, new EvalSampling(2, 1, 1, 9), rows), rows, 2);
        Assert.Contains("3 of 4 samples are not right.", page, StringComparison.Ordinal);
        Assert.Contains("&lt;img src=x onerror=alert(1)&gt;", page, StringComparison.Ordinal);
        Assert.Contains("2 &lt; 3 &amp; &quot;what&quot;?", page, StringComparison.Ordinal);
        Assert.Contains("found <b>&lt;/script&gt;&lt;b&gt;5</b></span><span class=\"quiet\">1 of 2 right", page, StringComparison.Ordinal);
        Assert.Contains("characters left out", page, StringComparison.Ordinal);
        Assert.Equal(3, page.Split("<details ").Length - 1);
        Assert.DoesNotContain("<img", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http:", page, StringComparison.Ordinal);
    }

    // "+" is right, "!" truncated, "-" has no answer.
    private static JsonObject[] Rows(int index, params string[] samples) => [.. samples.Select((sample, k) => new JsonObject
    {
        ["index"] = index, ["sample"] = k, ["id"] = $"q{index}", ["answer"] = "1", ["extracted"] = sample == "-" ? null : sample.TrimEnd('+', '!'),
        ["correct"] = sample.EndsWith('+'), ["finish_reason"] = sample.EndsWith('!') ? "length" : "stop", ["tokens"] = 10,
    })];
}
