using System.Text.Json.Nodes;
using Rlt.Teaching.Rewards;

namespace Rlt.Tests.Teaching;

/// <summary>What score says of a whole file.</summary>
public sealed class ScoreSummaryTests
{
    [Fact]
    public void Table_ScoredRows_IsAsApproved() => Approved.Equal("Teaching/score-summary.txt", ScoreSummary.Table(
    [
        .. Enumerable.Range(0, 11).Select(i => new JsonObject
        {
            ["reward"] = -i / 2.0, ["solution_score"] = -0.25, ["think_kl"] = i, ["match"] = i == 10 ? -1 : 0, ["tokens"] = new JsonObject { ["explanation"] = 100 + i, ["solution"] = 5 },
        }),
        new JsonObject { ["error"] = "question: missing" },
    ]) + "\n");

    [Fact]
    public void Table_NothingScored_SaysSo() => Assert.Equal("0 of 1 rows scored", ScoreSummary.Table([new JsonObject { ["error"] = "e" }]));
}
