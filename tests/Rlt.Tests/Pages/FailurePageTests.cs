using System.Text.Json.Nodes;
using Rlt.Evaluation;

namespace Rlt.Tests.Pages;

/// <summary>The page of failures as a reader sees and uses it.</summary>
public sealed class FailurePageTests : IDisposable
{
    // Found in samples 0 and 1 of each question; expected is 5. "+" is right, "!" truncated, "-" has no answer.
    private static readonly string[][] Found = [["7", "7"], ["5+", "7"], ["-", "9!"], ["5+", "5+"], ["8", "9"]];

    private readonly OpenPage _page = new(Html());

    public void Dispose() => _page.Dispose();

    [Fact]
    public void Page_IsAsApproved() => Approved.Equal("Pages/failures.txt", _page.Outline("main"));

    [Fact]
    public void CommonestWrongAnswers_AreOnTop_AndChooseTheirRows()
    {
        Assert.Equal(["Figures", "Commonest wrong answers", "Samples that are not right"], _page.Texts("h2"));
        Assert.Equal(["7 325", "9 225", "8 115"], _page.Texts("#answers tr").Skip(1).Select(row => row.Insert(1, " ")));
        _page.Press("#answers button");
        Assert.Equal(["q0 · sample 0", "q0 · sample 1", "q1 · sample 1"], Shown());
        Assert.Equal("3 shown", _page["#shown"].TextContent);
    }

    [Theory]
    [InlineData("#solved", "never", new[] { "q0 · sample 0", "q0 · sample 1", "q2 · sample 0", "q2 · sample 1", "q4 · sample 0", "q4 · sample 1" })]
    [InlineData("#solved", "sometimes", new[] { "q1 · sample 1" })]
    [InlineData("#find", "what is 4", new[] { "q4 · sample 0", "q4 · sample 1" })]
    [InlineData("input[value=wrong]", "wrong", new[] { "q2 · sample 0", "q2 · sample 1" })]
    public void Filters_LeaveWhatIsAskedFor(string control, string value, string[] expected)
    {
        _page.Set(control, value);
        Assert.Equal(expected, Shown());
    }

    [Fact]
    public void Rows_HaveTheQuestion_UnlessItIsHidden()
    {
        Assert.Equal("What is 0 and 5?", _page.Texts("summary .q")[0]);
        using var hidden = new OpenPage(Html(hidden: true));
        Assert.Empty(hidden.All("summary .q"));
        Assert.Equal(7, hidden.All("details").Length);
    }

    /// <summary>The page has the theme of the report: colours of its own for dark and light.</summary>
    [Fact]
    public void Theme_IsLightOrDark()
    {
        Assert.Contains("color-scheme: light dark", Html(), StringComparison.Ordinal);
        Assert.Matches(@"body \{[^}]*background: var\(--back\); color: var\(--text\)", Html());
        Assert.DoesNotMatch(@"(background|color):\s*#", Html());
    }

    private string[] Shown() => [.. _page.All("details").Where(row => !row.HasAttribute("hidden")).Select(row => row.QuerySelector("summary span")!.TextContent)];

    private static string Html(bool hidden = false)
    {
        JsonObject[] rows =
        [
            .. Found.SelectMany((samples, index) => samples.Select((found, sample) => new JsonObject
            {
                ["index"] = index, ["sample"] = sample, ["id"] = $"q{index}", ["question"] = hidden ? null : $"What is {index} and 5?", ["prompt"] = hidden ? null : $"Q: {index} and 5",
                ["response"] = hidden ? null : $"It is {found}.", ["answer"] = "5", ["extracted"] = found == "-" ? null : found.TrimEnd('+', '!'),
                ["correct"] = found.EndsWith('+'), ["finish_reason"] = found.EndsWith('!') ? "length" : "stop", ["tokens"] = 10,
            })),
        ];
        return FailurePage.Html(EvalSummary.Of(new EvalConfig { Model = "a <model>", Data = "D", Out = "O" }, new EvalSampling(2, 0.6, 1, 9), rows), rows, 2);
    }
}
