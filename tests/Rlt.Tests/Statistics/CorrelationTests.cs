using Rlt.Statistics;

namespace Rlt.Tests.Statistics;

public sealed class CorrelationTests
{
    private const double Rounding = 1e-12;

    // Sums of squares 2 and 14/3, of products 3.
    [Fact]
    public void PearsonAndLine_ThreePoints_AreThoseByHand()
    {
        Assert.Equal(3 / Math.Sqrt(2 * 14 / 3.0), Correlation.Pearson([1, 2, 3], [2, 4, 5])!.Value, Rounding);
        (double intercept, double slope) = Correlation.Line([1, 2, 3], [2, 4, 5])!.Value;
        Assert.Equal(1.5, slope, Rounding);
        Assert.Equal(2 / 3.0, intercept, Rounding);
    }

    [Fact]
    public void Pearson_FallingLine_IsMinusOne() => Assert.Equal(-1, Correlation.Pearson([0.1, 0.2, 0.7], [0.9, 0.8, 0.3])!.Value, Rounding);

    [Fact]
    public void PearsonAndLine_OneValueOnly_AreNotDefined()
    {
        // 0.1 + 0.2 is 0.3 but for rounding.
        Assert.Null(Correlation.Pearson([0.3, 0.1 + 0.2, 0.3], [1, 2, 3]));
        Assert.Null(Correlation.Pearson([1, 2, 3], [0, 0, 0]));
        Assert.Null(Correlation.Line([2, 2], [0, 1]));
        Assert.Equal((0.5, 0), Correlation.Line([1, 2], [0.5, 0.5]));
    }
}
