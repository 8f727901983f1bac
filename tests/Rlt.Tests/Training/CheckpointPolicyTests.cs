using System.Text.Json.Nodes;
using Rlt.Training;

namespace Rlt.Tests.Training;

public sealed class CheckpointPolicyTests
{
    [Theory]
    [InlineData(25, 0, 25, 0, true)]
    [InlineData(25, 0, 24, 999, false)]
    [InlineData(0, 30, 7, 29.9, false)]
    [InlineData(0, 30, 7, 30, true)]
    [InlineData(25, 30, 50, 1, true)]
    [InlineData(0, 0, 1, 1000, false)]
    public void IsDue_StepsOrMinutes_Whichever(int everySteps, double everyMinutes, int done, double minutes, bool due) =>
        Assert.Equal(due, new CheckpointPolicy(everySteps, everyMinutes, 1).IsDue(done, TimeSpan.FromMinutes(minutes)));

    [Fact]
    public void Score_MoreThanTenSteps_IsTheMeanOfTheLastTen()
    {
        JsonObject[] metrics = [.. Enumerable.Range(1, 12).Select(i => new JsonObject { ["reward"] = (double)i })];
        Assert.Equal(7.5, new CheckpointPolicy(1, 0, 1, BestMetric.Reward).Score(metrics));
        Assert.Equal(2, new CheckpointPolicy(1, 0, 1, BestMetric.Reward).Score(metrics[..3]));
        Assert.Null(new CheckpointPolicy(1, 0, 1).Score(metrics));
    }

    [Theory]
    [InlineData(1, null, new[] { 10, 20, 40 })]
    [InlineData(2, null, new[] { 10, 40 })]
    [InlineData(1, "reward", new[] { 20, 40 })]
    [InlineData(3, "reward", new[] { 40 })]
    public void Dropped_NewestAndBest_Stay(int keepLast, string? bestBy, int[] dropped)
    {
        // The run went on from 20, since the later 40 was damaged, and has now saved 30.
        (int, double?)[] all = [(10, -1.0), (20, null), (30, -3.0), (40, 9.0)];
        Assert.Equal(dropped, new CheckpointPolicy(10, 0, keepLast, bestBy is null ? null : BestMetric.Reward).Dropped(all, 30));
    }
}
