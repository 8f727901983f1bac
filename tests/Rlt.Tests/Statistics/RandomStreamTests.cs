using Rlt.Statistics;
using Rlt.Tests.Generation;

namespace Rlt.Tests.Statistics;

public sealed class RandomStreamTests
{
    private const int Count = 64_000;

    [Fact]
    public void Uniform_ManyPositionsOfOneStream_FillTheUnitIntervalEvenly() => AssertEven(i => RandomStream.Uniform(RandomStream.Key(7, 3), i));

    [Fact]
    public void Uniform_SamePositionOfManyStreams_FillsTheUnitIntervalEvenly() => AssertEven(i => RandomStream.Uniform(RandomStream.Key(7, i), 0));

    [Fact]
    public void Uniform_NeighbouringPositions_AreIndependent()
    {
        ulong key = RandomStream.Key(1);
        AssertEven(i => (4 * Math.Floor(4 * RandomStream.Uniform(key, 2 * i)) / 16) + (Math.Floor(4 * RandomStream.Uniform(key, (2 * i) + 1)) / 16));
    }

    [Fact]
    public void Uniform_NeighbouringStreams_AreIndependent() => AssertEven(i =>
        (4 * Math.Floor(4 * RandomStream.Uniform(RandomStream.Key(5, i), 1)) / 16) + (Math.Floor(4 * RandomStream.Uniform(RandomStream.Key(5, i + 1), 1)) / 16));

    [Fact]
    public void Uniform_Any_IsAMultipleOfTheSmallestStepBelowOne()
    {
        for (int i = 0; i < 1000; i++)
        {
            double value = RandomStream.Uniform(RandomStream.Key(i), i);
            Assert.InRange(value, 0, 1 - Math.Pow(2, -24));
            Assert.Equal(0, value * (1 << 24) % 1);
        }
    }

    [Fact]
    public void Uniform_KnownKeys_GiveTheNumbersOfEarlierRuns()
    {
        // A run's samples must be the same after an update of the program: these are SplitMix64's, worked out apart from it.
        Assert.Equal(0xE220A8397B1DCDAFul >> 40, (ulong)(RandomStream.Uniform(0, 0) * (1 << 24)));
        Assert.Equal(0x6E789E6AA1B965F4ul >> 40, (ulong)(RandomStream.Uniform(0, 1) * (1 << 24)));
        Assert.Equal(0x06C45D188009454Ful >> 40, (ulong)(RandomStream.Uniform(0, 2) * (1 << 24)));
    }

    private static void AssertEven(Func<int, double> draw)
    {
        var counts = new int[16];
        for (int i = 0; i < Count; i++)
        {
            counts[(int)(draw(i) * 16)]++;
        }

        ChiSquare.AssertFollows([.. Enumerable.Repeat(1.0 / 16, 16)], counts);
    }
}
