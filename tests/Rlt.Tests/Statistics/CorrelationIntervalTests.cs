using Rlt.Statistics;

namespace Rlt.Tests.Statistics;

/// <summary>Intervals of correlations: with these arms against all resamplings that there are, and where the arms vary.</summary>
public sealed class CorrelationIntervalTests
{
    private const double Rounding = 1e-12;

    // Of 10,000 resamplings, three standard errors of a share of 2.5%.
    private const double SamplingError = 0.005;
    private const double Tail = 0.025;

    [Fact]
    public void WithTheseArms_NoNoise_HasNoWidth()
    {
        double[][][][] arms = [.. new[] { 0.0, 1, 1 }.Select(score => new[] { Seed(score, score), Seed(score, score) })];
        Interval interval = CorrelationInterval.WithTheseArms([[1, 1], [2, 2], [2, 2]], arms);
        Assert.Equal(1, interval.Low, Rounding);
        Assert.Equal(1, interval.High, Rounding);
    }

    [Fact]
    public void WithTheseArms_SharedQuestions_AgreesWithAllResamplings()
    {
        double[][][] arms = [Seed(0, 0, 1), Seed(1, 0, 1), Seed(1, 0, 0)];
        double[] all = [.. Enumerable.Range(0, 27).Select(code => new[] { code % 3, code / 3 % 3, code / 9 })
            .Select(drawn => Correlation.Pearson([1, 2, 4], [.. arms.Select(arm => drawn.Average(q => arm[q][0]))]) ?? 0)];
        Interval interval = CorrelationInterval.WithTheseArms([[1], [2], [4]], [.. arms.Select(arm => new[] { arm })]);
        Assert.InRange(Share(value => value < interval.Low - Rounding), 0, Tail + SamplingError);
        Assert.InRange(Share(value => value <= interval.Low + Rounding), Tail - SamplingError, 1);
        Assert.InRange(Share(value => value > interval.High + Rounding), 0, Tail + SamplingError);
        Assert.InRange(Share(value => value >= interval.High - Rounding), Tail - SamplingError, 1);

        double Share(Func<double, bool> of) => (double)all.Count(of) / all.Length;
    }

    [Fact]
    public void WithTheseArms_OtherQuestions_IsRefused() =>
        Assert.Throws<ArgumentException>(() => CorrelationInterval.WithTheseArms([[1], [2]], [[Seed(0, 1)], [Seed(0, 1, 1)]]));

    [Fact]
    public void OfArms_SixArms_IsFishers()
    {
        // atanh 0.88 = 1.3758, ± 1.9600 / √3 = 1.1316: tanh 0.2442 and tanh 2.5074.
        Interval interval = CorrelationInterval.OfArms(0.88, 6)!.Value;
        Assert.Equal(0.2395, interval.Low, 1e-3);
        Assert.Equal(0.9868, interval.High, 1e-3);
    }

    [Fact]
    public void OfArms_TooFewOrAllOnALine_IsNull()
    {
        Assert.Null(CorrelationInterval.OfArms(0.9, 3));
        Assert.Null(CorrelationInterval.OfArms(1, 6));
    }

    private static double[][] Seed(params double[] scores) => [.. scores.Select(score => new[] { score })];
}
