using Rlt.Evaluation.Statistics;

namespace Rlt.Tests.Evaluation.Statistics;

/// <summary>Intervals over seeds against all resamplings that there are, and their behaviour where nothing varies.</summary>
public sealed class SeedBootstrapTests
{
    private const double Rounding = 1e-12;

    // Of 10,000 resamplings, three standard errors of a share of 2.5%.
    private const double SamplingError = 0.005;
    private const double Tail = 0.025;

    [Fact]
    public void OfMean_SharedQuestions_AgreesWithAllResamplings()
    {
        double[][][] seeds = [Seed(1, 0, 0), Seed(1, 1, 0), Seed(0, 1, 1)];
        RequireQuantiles(All(3).SelectMany(drawn => All(3).Select(questions => drawn.Average(seed => questions.Average(q => seeds[seed][q][0])))), SeedBootstrap.OfMean(seeds));
    }

    [Fact]
    public void OfDifference_SharedQuestions_AgreesWithAllResamplings()
    {
        double[][][] first = [Seed(1, 0, 0), Seed(0, 1, 0), Seed(0, 1, 0)], second = [Seed(1, 1, 0), Seed(1, 1, 1), Seed(0, 0, 1)];
        RequireQuantiles(
            All(3).SelectMany(drawn => All(3).Select(questions => drawn.Average(seed => questions.Average(q => second[seed][q][0] - first[seed][q][0])))),
            SeedBootstrap.OfDifference(first, second));
    }

    [Fact]
    public void OfMean_UnequalQuestions_DrawsEachSeedsApart()
    {
        double[][][] seeds = [Seed(1, 0), Seed(1, 1, 0)];
        double[] first = [.. All(2).Select(questions => questions.Average(q => seeds[0][q][0]))], second = [.. All(3).Select(questions => questions.Average(q => seeds[1][q][0]))];
        // 4 and 27 draws of a seed's questions, and as often each pair of seeds.
        IEnumerable<double> all = new[] { (first, first), (first, second), (second, first), (second, second) }
            .SelectMany(pair => Weighted(pair.Item1).SelectMany(a => Weighted(pair.Item2).Select(b => (a + b) / 2)));
        RequireQuantiles(all, SeedBootstrap.OfMean(seeds));

        IEnumerable<double> Weighted(double[] means) => Enumerable.Range(0, 108 / means.Length).SelectMany(_ => means);
    }

    [Theory]
    [InlineData(4, 2)]
    [InlineData(3, 1)]
    [InlineData(5, 4)]
    public void OfMean_SamplesOfAQuestion_AgreeWithAllResamplings(int samples, int right)
    {
        double[] scores = [.. Enumerable.Range(0, samples).Select(i => i < right ? 1.0 : 0)];
        RequireQuantiles(All(samples).Select(drawn => drawn.Average(sample => scores[sample])), SeedBootstrap.OfMean([[scores]]));
    }

    [Fact]
    public void OfMean_ManySamples_HasTheBinomialsWidth()
    {
        // 1.96 standard errors of 1,000 samples at 20% are 0.0248.
        double[] scores = [.. Enumerable.Range(0, 1000).Select(i => i % 5 == 0 ? 1.0 : 0)];
        Interval interval = SeedBootstrap.OfMean([[scores]]);
        Assert.InRange(interval.Low, 0.172, 0.178);
        Assert.InRange(interval.High, 0.222, 0.228);
    }

    [Fact]
    public void OfMean_ScoreBetween_IsRefused() => Assert.Throws<ArgumentException>(() => SeedBootstrap.OfMean([Seed(0.5)]));

    [Fact]
    public void OfMean_SameAnswersWithEverySeed_AreNoMoreThanOneSeed()
    {
        double[][] seed = [.. Enumerable.Range(0, 100).Select(i => new double[] { i % 2 })];
        Interval one = SeedBootstrap.OfMean([seed]), three = SeedBootstrap.OfMean([seed, seed, seed]);
        Assert.InRange(one.High - one.Low, 0.18, 0.21);
        Assert.InRange(three.High - three.Low, 0.18, 0.21);
    }

    [Fact]
    public void OfMean_UnrelatedAnswers_TellMoreWithMoreSeeds()
    {
        // Each seed is right on a third, a different one: every question has the same share, so drawing questions changes nothing between seeds.
        double[][][] seeds = [.. Enumerable.Range(0, 3).Select(seed => Enumerable.Range(0, 300).Select(i => new double[] { i % 3 == seed ? 1 : 0 }).ToArray())];
        Interval one = SeedBootstrap.OfMean([seeds[0]]), three = SeedBootstrap.OfMean(seeds);
        Assert.True(three.High - three.Low < one.High - one.Low);
    }

    [Fact]
    public void OfMean_NothingVaries_IsTheBinomialBound()
    {
        double bound = Math.Pow(Tail, 0.25);
        Interval none = SeedBootstrap.OfMean([Seed(0, 0, 0, 0), Seed(0, 0, 0, 0)]), all = SeedBootstrap.OfMean([Seed(1, 1, 1, 1)]);
        Assert.Equal((0, 1), (none.Low, all.High));
        Assert.Equal(1 - bound, none.High, Rounding);
        Assert.Equal(bound, all.Low, Rounding);
    }

    [Fact]
    public void OfDifference_NothingVaries_IsTheBinomialBoundToEachSide()
    {
        // A share p of questions may be otherwise: from 0 by ±1, from +1 down to −1.
        double p = 1 - Math.Pow(Tail, 0.25);
        Interval same = SeedBootstrap.OfDifference([Seed(1, 1, 0, 0)], [Seed(1, 1, 0, 0)]), apart = SeedBootstrap.OfDifference([Seed(0, 0, 0, 0)], [Seed(1, 1, 1, 1)]);
        Assert.Equal(-p, same.Low, Rounding);
        Assert.Equal(p, same.High, Rounding);
        Assert.Equal(1 - (2 * p), apart.Low, Rounding);
        Assert.Equal(1, apart.High, Rounding);
    }

    [Fact]
    public void OfCorrelation_NoNoise_HasNoWidth()
    {
        double[][] x = [[1, 1], [2, 2], [2, 2]];
        double[][][][] arms = [.. new[] { 0.0, 1, 1 }.Select(score => new[] { Seed(score, score), Seed(score, score) })];
        Interval interval = SeedBootstrap.OfCorrelation(x, arms);
        Assert.Equal(1, interval.Low, Rounding);
        Assert.Equal(1, interval.High, Rounding);
    }

    [Fact]
    public void OfCorrelation_SharedQuestions_AgreesWithAllResamplings()
    {
        double[][] x = [[1], [2], [4]];
        double[][][] arms = [Seed(0, 0, 1), Seed(1, 0, 1), Seed(1, 0, 0)];
        IEnumerable<double> all = All(3).Select(questions => Correlation.Pearson([1, 2, 4], [.. arms.Select(arm => questions.Average(q => arm[q][0]))]) ?? 0);
        RequireQuantiles(all, SeedBootstrap.OfCorrelation(x, [.. arms.Select(arm => new[] { arm })]));
    }

    [Fact]
    public void OfDifference_OtherQuestions_IsRefused() =>
        Assert.Throws<ArgumentException>(() => SeedBootstrap.OfDifference([Seed(0, 1)], [Seed(0, 1, 1)]));

    private static double[][] Seed(params double[] scores) => [.. scores.Select(score => new[] { score })];

    // All draws of n out of n, with replacement.
    private static IEnumerable<int[]> All(int n) => Enumerable.Range(0, (int)Math.Pow(n, n)).Select(code => Enumerable.Range(0, n).Select(i => code / (int)Math.Pow(n, i) % n).ToArray());

    private static void RequireQuantiles(IEnumerable<double> all, Interval interval)
    {
        double[] values = [.. all];
        Assert.InRange(Share(value => value < interval.Low - Rounding), 0, Tail + SamplingError);
        Assert.InRange(Share(value => value <= interval.Low + Rounding), Tail - SamplingError, 1);
        Assert.InRange(Share(value => value > interval.High + Rounding), 0, Tail + SamplingError);
        Assert.InRange(Share(value => value >= interval.High - Rounding), Tail - SamplingError, 1);

        double Share(Func<double, bool> of) => (double)values.Count(of) / values.Length;
    }
}
