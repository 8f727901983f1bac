using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Teaching.Collection;

namespace Rlt.Tests.Teaching;

/// <summary>Ranks of traces, by hand.</summary>
public sealed class TraceRanksTests
{
    private static readonly JsonRow[] Traces =
    [
        Row("a", 0.5, 1), Row("b", 2, 2), Row("a", 3, 3), Row("a", 0.5, 4), Row("b", 1, 5), Row("c", -1, 6), new("f", 9, new JsonObject { ["question"] = "c", ["dropped"] = "no tag" }),
    ];

    [Fact]
    public void Of_QuestionsWithSeveralTraces_BestFirstAndEqualOnesInTheirOrder() => Assert.Equal([[3, 2, 6], [1, 5], [4]], Ids(TraceRanks.Of(Traces, complete: false)));

    [Fact]
    public void Of_Complete_EveryRankHasTheSameQuestions() => Assert.Equal([[3], [1], [4]], Ids(TraceRanks.Of(Traces, complete: true)));

    [Fact]
    public void Of_NothingScored_IsRefused() => Assert.Contains("no row has a 'reward'", Assert.Throws<DataException>(() => TraceRanks.Of(Traces[6..], complete: false)).Message, StringComparison.Ordinal);

    private static JsonRow Row(string question, double reward, int id) => new("f", id, new JsonObject { ["question"] = question, ["reward"] = reward, ["id"] = id });

    private static int[][] Ids(IReadOnlyList<IReadOnlyList<JsonObject>> ranks) => [.. ranks.Select(rank => rank.Select(row => row["id"]!.GetValue<int>()).ToArray())];
}
