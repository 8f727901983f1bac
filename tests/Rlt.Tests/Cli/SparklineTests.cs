using Rlt.Cli;

namespace Rlt.Tests.Cli;

/// <summary>Numbers as a line of blocks.</summary>
public sealed class SparklineTests
{
    [Fact]
    public void Sparkline_Values_AreScaledAndFit()
    {
        Assert.Equal("▁▅█", Sparkline.Of([-1, 0, 1], 10));
        Assert.Equal("▅▅", Sparkline.Of([3, 3], 10));
        Assert.Equal("▁ █", Sparkline.Of([0, double.NaN, 1], 10));
        Assert.Equal("", Sparkline.Of([], 10));

        // Ten values in four places: means of 0–2, 3–5, 6–8 and 9.
        Assert.Equal("▁▄▆█", Sparkline.Of([.. Enumerable.Range(0, 10).Select(i => (double)i)], 4));
    }
}
