using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Teaching.Collection;
using Rlt.Teaching.Rewards;

namespace Rlt.Tests.Teaching;

/// <summary>Ranks of traces, by hand.</summary>
public sealed class TraceRanksTests
{
    private static readonly JsonRow[] Traces =
    [
        Row("a", 0.5, 1), Row("b", 2, 2), Row("a", 3, 3), Row("a", 0.5, 4), Row("b", 1, 5), Row("c", -1, 6), new("f", 9, new JsonObject { ["question"] = "c", ["dropped"] = "no tag" }),
    ];

    [Fact]
    public void Of_QuestionsWithSeveralTraces_BestFirstAndEqualOnesInTheirOrder() => Assert.Equal([[3, 2, 6], [1, 5], [4]], Ids(TraceRanks.Of(Traces, TraceMeasure.Reward, complete: false)));

    [Fact]
    public void Of_Complete_EveryRankHasTheSameQuestions() => Assert.Equal([[3], [1], [4]], Ids(TraceRanks.Of(Traces, TraceMeasure.Reward, complete: true)));

    [Fact]
    public void Of_NothingScored_IsRefused() => Assert.Contains("no row has a 'reward'", Assert.Throws<DataException>(() => TraceRanks.Of(Traces[6..], TraceMeasure.Reward, complete: false)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(TraceMeasure.Likelihood, new[] { 3, 1, 2 })]
    [InlineData(TraceMeasure.Surprise, new[] { 2, 3, 1 })]
    [InlineData(TraceMeasure.Length, new[] { 1, 3, 2 })]
    public void Of_OtherMeasures_BestIsTheLikeliestLeastSurprisingShortest(TraceMeasure by, int[] ids)
    {
        JsonRow[] rows =
        [
            Measured(1, likelihood: -2, surprise: 9, length: 4), Measured(2, likelihood: -3, surprise: 1.5, length: 12), Measured(3, likelihood: -1, surprise: 4, length: 5),
        ];
        Assert.Equal(ids, Ids(TraceRanks.Of(rows, by, complete: false)).Select(rank => Assert.Single(rank)));
    }

    [Fact]
    public void Likelihood_OfTokens_IsTheirMean() => Assert.Equal(-1.5, TraceMeasures.Likelihood([-1, -2, -0.5f, -2.5f]));

    // Windows of two: 1.5, 3, 2.75, 0.875; of four: 2.125, 1.9375.
    [Theory]
    [InlineData(1, 4)]
    [InlineData(2, 3)]
    [InlineData(4, 2.125)]
    [InlineData(5, 1.75)]
    [InlineData(100, 1.75)]
    public void Surprise_OfTokens_IsTheHighestMeanOfAWindow(int window, double expected) =>
        Assert.Equal(expected, TraceMeasures.Surprise([-1, -2, -4, -1.5f, -0.25f], window), 1e-12);

    private static JsonRow Measured(int id, double likelihood, double surprise, int length) => new("f", id, new JsonObject
    {
        ["question"] = "a", ["id"] = id, ["likelihood"] = likelihood, ["surprise"] = surprise, ["explanation_tokens"] = (double)length,
    });

    private static JsonRow Row(string question, double reward, int id) => new("f", id, new JsonObject { ["question"] = question, ["reward"] = reward, ["id"] = id });

    private static int[][] Ids(IReadOnlyList<IReadOnlyList<JsonObject>> ranks) => [.. ranks.Select(rank => rank.Select(row => row["id"]!.GetValue<int>()).ToArray())];
}
