using Rlt.Statistics;
using Rlt.Training;
using Rlt.Training.Grpo;
using Rlt.Training.Optimization;

namespace Rlt.Tests.Training;

public sealed class ScheduleAndOrderTests
{
    [Theory]
    [InlineData(ScheduleKind.Constant, 0, 0.0)]
    [InlineData(ScheduleKind.Constant, 1, 0.5)]
    [InlineData(ScheduleKind.Constant, 2, 1.0)]
    [InlineData(ScheduleKind.Constant, 9, 1.0)]
    [InlineData(ScheduleKind.Linear, 1, 0.5)]
    [InlineData(ScheduleKind.Linear, 2, 1.0)]
    [InlineData(ScheduleKind.Linear, 6, 0.5)]
    [InlineData(ScheduleKind.Linear, 9, 0.125)]
    [InlineData(ScheduleKind.Linear, 10, 0.0)]
    [InlineData(ScheduleKind.Cosine, 1, 0.5)]
    [InlineData(ScheduleKind.Cosine, 2, 1.0)]
    [InlineData(ScheduleKind.Cosine, 4, 0.853553390593)]
    [InlineData(ScheduleKind.Cosine, 6, 0.5)]
    [InlineData(ScheduleKind.Cosine, 8, 0.146446609407)]
    [InlineData(ScheduleKind.Cosine, 10, 0.0)]
    public void At_TenStepsOfWhichTwoWarmUp_HandComputedRate(ScheduleKind kind, int step, double share) =>
        Assert.Equal(3e-4 * share, LearningRateSchedule.At(kind, 3e-4, step, 10, 0.2), 1e-12);

    [Fact]
    public void At_NoWarmup_FirstStepHasThePeak() =>
        Assert.All(Enum.GetValues<ScheduleKind>(), kind => Assert.Equal(1e-3, LearningRateSchedule.At(kind, 1e-3, 0, 5, 0)));

    [Fact]
    public void At_FractionalWarmup_IsRoundedUp()
    {
        // 5% of 30 steps are 1.5: two steps warm up.
        Assert.Equal(0.5, LearningRateSchedule.At(ScheduleKind.Constant, 1, 1, 30, 0.05));
        Assert.Equal(1.0, LearningRateSchedule.At(ScheduleKind.Constant, 1, 2, 30, 0.05));
    }

    [Fact]
    public void At_AllStepsWarmUp_NeverReachesThePeak() => Assert.Equal(0.75, LearningRateSchedule.At(ScheduleKind.Cosine, 1, 3, 4, 1));

    [Fact]
    public void Permutation_AnyKey_HoldsEveryItemOnceAndDependsOnTheKey()
    {
        int[] one = EpochOrder.Permutation(100, 1), two = EpochOrder.Permutation(100, 2);
        Assert.Equal(Enumerable.Range(0, 100), one.Order());
        Assert.Equal(Enumerable.Range(0, 100), two.Order());
        Assert.NotEqual(one, two);
        Assert.NotEqual(Enumerable.Range(0, 100), one);
        Assert.Equal(one, EpochOrder.Permutation(100, 1));
    }

    [Theory]
    [InlineData(7, 3)]
    [InlineData(4, 10)]
    [InlineData(5, 5)]
    [InlineData(1, 3)]
    public void Slice_StepsAcrossEpochBorders_EveryEpochHasEveryItemOnce(int items, int batch)
    {
        const int Epochs = 6;
        int[] seen = [.. Enumerable.Range(0, items * Epochs).SelectMany(step => EpochOrder.Slice(items, step, batch, 5)).Take(items * Epochs)];
        int[][] epochs = [.. seen.Chunk(items)];
        Assert.All(epochs, epoch => Assert.Equal(Enumerable.Range(0, items), epoch.Order()));
        Assert.Equal(items > 1, epochs.Select(epoch => string.Join(' ', epoch)).Distinct().Count() > 1);
    }

    [Fact]
    public void Slice_OtherSeed_OtherOrder() => Assert.NotEqual(EpochOrder.Slice(50, 0, 50, 1), EpochOrder.Slice(50, 0, 50, 2));

    [Fact]
    public void Slice_NoShuffle_IsTheFilesOrderInEveryEpoch() =>
        Assert.Equal([0, 1, 2, 3, 4, 0, 1, 2], Enumerable.Range(0, 4).SelectMany(step => EpochOrder.Slice(5, step, 2, 7, shuffle: false)));

    [Fact]
    public void Slice_ManyEpochs_EveryItemComesFirstAboutEquallyOften()
    {
        // 2000 epochs of 5 items: 400 each, deviation 18; five deviations.
        int[] firsts = [.. Enumerable.Range(0, 2000).Select(epoch => EpochOrder.Slice(5, epoch, 5, 9)[0])];
        Assert.All(Enumerable.Range(0, 5), item => Assert.InRange(firsts.Count(first => first == item), 310, 490));
    }

    [Fact]
    public void From_TwoGroups_HandComputedAdvantages()
    {
        // Mean 2.5, unbiased deviation √(5/3) = 1.2909944; a group of equal rewards has nothing to prefer.
        float[] advantages = GroupAdvantage.From([1, 2, 3, 4, 7, 7, 7, 7], 4);
        double[] expected = [-1.5 / 1.2910944, -0.5 / 1.2910944, 0.5 / 1.2910944, 1.5 / 1.2910944, 0, 0, 0, 0];
        Assert.All(expected.Zip(advantages), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
        float[] deviations = GroupAdvantage.Deviations([1, 2, 3, 4, 7, 7, 7, 7], 4);
        Assert.Equal(1.2909944, deviations[0], 1e-6);
        Assert.Equal(0, deviations[1]);
    }

    [Theory]
    [InlineData(3, 2, "3 rewards do not make groups of 2; a group has at least 2")]
    [InlineData(3, 1, "3 rewards do not make groups of 1; a group has at least 2")]
    [InlineData(4, 0, "4 rewards do not make groups of 0; a group has at least 2")]
    public void From_GroupsThatDoNotFit_AreRefused(int rewards, int groupSize, string message) =>
        Assert.StartsWith(message, Assert.Throws<ArgumentException>(() => GroupAdvantage.From(new double[rewards], groupSize)).Message, StringComparison.Ordinal);

    [Fact]
    public void Uniform_SameKeyAndPosition_SameNumber()
    {
        ulong key = RandomStream.Key(1, 2, 3);
        Assert.Equal(RandomStream.Uniform(key, 5), RandomStream.Uniform(RandomStream.Key(1, 2, 3), 5));
        Assert.NotEqual(RandomStream.Uniform(key, 5), RandomStream.Uniform(key, 6));
        Assert.NotEqual(key, RandomStream.Key(1, 3, 2));
        Assert.NotEqual(key, RandomStream.Key(1, 2));
        Assert.NotEqual(RandomStream.Key(0), RandomStream.Key(0, 0));
        Assert.NotEqual(RandomStream.Key(-1), RandomStream.Key(1));
    }
}
