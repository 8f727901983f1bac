using Rlt.Statistics;

namespace Rlt.Tests.Statistics;

/// <summary>Intervals of means and differences: by hand, by their properties, and by how often they hold the truth.</summary>
public sealed class QuestionIntervalTests
{
    private const double Rounding = 1e-9;

    // Quantiles as tables have them.
    private const double Square = 1.959963985 * 1.959963985;
    private const double T4 = 2.776445105;

    [Fact]
    public void OfMean_OneSampleEach_IsWilsons()
    {
        // 20 of 100: Wilson's interval is 0.1333670 to 0.2888292, as tables have it.
        Interval interval = QuestionInterval.OfMean(Questions(100, i => i < 20 ? 1 : 0));
        Assert.Equal(0.13336698, interval.Low, 1e-7);
        Assert.Equal(0.28882918, interval.High, 1e-7);
    }

    [Fact]
    public void OfMean_NothingVaries_IsWilsons()
    {
        Interval none = QuestionInterval.OfMean([[0], [0, 0], [0], [0]]), all = QuestionInterval.OfMean([[1], [1], [1], [1]]);
        Assert.Equal(0, none.Low);
        Assert.Equal(Square / (4 + Square), none.High, Rounding);
        Assert.Equal(1, all.High);
        Assert.Equal(4 / (4 + Square), all.Low, Rounding);
    }

    [Fact]
    public void OfMean_SameShareOfEach_CountsSamples()
    {
        // 25 questions, each 2 of 4: as 100 apart.
        Interval interval = QuestionInterval.OfMean(Enumerable.Repeat(new double[] { 1, 0, 1, 0 }, 25).ToArray()), apart = QuestionInterval.OfMean(Questions(100, i => i % 2));
        Assert.InRange(interval.High - interval.Low, apart.High - apart.Low, 1.06 * (apart.High - apart.Low));
    }

    [Fact]
    public void OfMean_SharesByHand_HasTheKurtosisDegrees()
    {
        // Shares 0, 1/4, 1/2, 3/4, 1: variance 5/32, of 1/4 at most: D = 5/8, 8 effective questions. Kurtosis 5 · (17/128) / (5/8)² = 1.7: 10/0.7 > 4
        // degrees, so 4; of a part 3/8 of the variance: 4 / (9/64) = 28.4 degrees, t = 2.0468.
        Interval interval = QuestionInterval.OfMean([[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]]);
        double square = 2.0468 * 2.0468 / 8, half = Math.Sqrt((square / 4) + (square * square / 4)) / (1 + square);
        Assert.Equal(0.5 - half, interval.Low, 1e-4);
        Assert.Equal(0.5 + half, interval.High, 1e-4);
    }

    [Fact]
    public void OfDifference_OneSampleEach_IsTangos()
    {
        // Of 44 pairs 1 is gained, none lost. Below zero Tango's statistic is n (g − d) / (1 + d), which is z² at d = (1 − z²) / (44 + z²); well above
        // it, nobody would be thought lost, and it is Wilson's.
        Interval interval = QuestionInterval.OfDifference(Questions(44, _ => 0), Questions(44, i => i < 1 ? 1 : 0));
        Assert.Equal((1 - Square) / (44 + Square), interval.Low, 1e-7);
        Assert.Equal(QuestionInterval.OfMean(Questions(44, i => i < 1 ? 1 : 0)).High, interval.High, 1e-7);
    }

    [Fact]
    public void OfDifference_NothingDiffers_IsAlikeToBothSides()
    {
        // From 0 by the share that Wilson's interval allows.
        double[][] same = Questions(40, i => i % 2);
        Interval interval = QuestionInterval.OfDifference(same, same);
        Assert.Equal(Square / (40 + Square), interval.High, 1e-6);
        Assert.Equal(-interval.High, interval.Low, Rounding);
    }

    [Fact]
    public void OfDifference_AllGained_ReachesOne()
    {
        Interval interval = QuestionInterval.OfDifference(Questions(12, _ => 0), Questions(12, _ => 1)), back = QuestionInterval.OfDifference(Questions(12, _ => 1), Questions(12, _ => 0));
        Assert.Equal(1, interval.High, Rounding);
        Assert.InRange(interval.Low, 0.5, 0.9);
        Assert.Equal(-interval.High, back.Low, Rounding);
        Assert.Equal(-interval.Low, back.High, Rounding);
    }

    [Fact]
    public void OfSeedsMean_SameAnswersWithEverySeed_IsThatOfOneSeed()
    {
        double[][] seed = Questions(100, i => i % 2);
        Interval one = QuestionInterval.OfSeedsMean([seed]), three = QuestionInterval.OfSeedsMean([seed, seed, seed]);
        Assert.Equal(one.Low, three.Low, 1e-6);
        Assert.Equal(one.High, three.High, 1e-6);
    }

    [Fact]
    public void OfSeedsMean_SeedsApart_HasTheStudentTOfTheSeeds()
    {
        // Every question of a seed is alike: shares 0.4 … 0.6 of 5 seeds, standard deviation √0.0065, none of it between questions.
        double[] shares = [0.4, 0.45, 0.5, 0.55, 0.6];
        double[][][] arm = [.. shares.Select(share => Questions(50, 20, (_, sample) => sample < 20 * share ? 1 : 0))];
        Interval interval = QuestionInterval.OfSeedsMean(arm);
        double variance = 0.00625 / 5, square = T4 * T4 * variance / 0.25;
        double half = Math.Sqrt((square / 4) + (square * square / 4)) / (1 + square);
        Assert.InRange(interval.High - 0.5, 0.98 * half, 1.02 * half);
    }

    [Fact]
    public void OfSeedsMean_UnrelatedAnswers_TellMoreWithMoreSeeds()
    {
        double[][][] seeds = [.. Enumerable.Range(0, 4).Select(seed => Questions(400, i => i % 4 == seed ? 1 : 0))];
        Interval one = QuestionInterval.OfSeedsMean([seeds[0]]), four = QuestionInterval.OfSeedsMean(seeds);
        Assert.True(four.High - four.Low < one.High - one.Low);
    }

    [Fact]
    public void OfSeedsMean_UnequalQuestions_TakesSeedsApart()
    {
        Interval interval = QuestionInterval.OfSeedsMean([Questions(40, i => i % 2), Questions(30, i => i % 3 == 0 ? 1 : 0)]);
        Assert.InRange(interval.Low, 0, 0.3);
        Assert.InRange(interval.High, 0.6, 1);
    }

    [Fact]
    public void OfSeedsDifference_OtherQuestions_IsRefused() =>
        Assert.Throws<ArgumentException>(() => QuestionInterval.OfSeedsDifference([Questions(2, _ => 0)], [Questions(3, _ => 0)]));

    [Fact]
    public void OfMean_NoQuestion_IsRefused() => Assert.Throws<ArgumentException>(() => QuestionInterval.OfMean([]));

    [Fact]
    public void Intervals_OfAnyScores_HoldTheEstimateAndStayInRange()
    {
        var random = new Random(5);
        for (int trial = 0; trial < 300; trial++)
        {
            int questions = random.Next(1, 40), samples = random.Next(1, 9), seeds = random.Next(1, 4);
            double[][][] first = [.. Enumerable.Range(0, seeds).Select(_ => Drawn(random, questions, samples, random.NextDouble(), random.NextDouble()))];
            double[][][] second = [.. Enumerable.Range(0, seeds).Select(_ => Drawn(random, questions, samples, random.NextDouble(), random.NextDouble()))];
            double one = first.Average(seed => seed.Average(of => of.Average())), two = second.Average(seed => seed.Average(of => of.Average()));
            Interval mean = QuestionInterval.OfSeedsMean(first), difference = QuestionInterval.OfSeedsDifference(first, second);
            Assert.True(mean.Low >= 0 && mean.Low <= one + Rounding && one <= mean.High + Rounding && mean.High <= 1 && mean.Low < mean.High);
            Assert.True(difference.Low >= -1 && difference.Low <= two - one + Rounding && two - one <= difference.High + Rounding && difference.High <= 1);
            Assert.Equal(mean, QuestionInterval.OfSeedsMean(first));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.1)]
    [InlineData(0.5)]
    public void OfMean_MoreQuestions_IsNarrower(double share)
    {
        double[] widths = [.. new[] { 10, 40, 160, 640 }.Select(n => QuestionInterval.OfMean(Questions(n, i => i < share * n ? 1 : 0))).Select(interval => interval.High - interval.Low)];
        Assert.True(widths.Zip(widths.Skip(1)).All(pair => pair.Second < 0.62 * pair.First));
    }

    // Nominal 95%; 1,500 runs have a standard error of 0.6 points. Difficulty: chances u^power, from even (0) to mostly impossible.
    [Theory]
    [InlineData(30, 16, 0)]
    [InlineData(30, 16, 1)]
    [InlineData(30, 16, 8)]
    [InlineData(198, 4, 1)]
    [InlineData(198, 4, 20)]
    public void OfMean_Simulated_CoversWhatItSays(int questions, int samples, double power)
    {
        var random = new Random(11);
        double truth = power == 0 ? 0.5 : 1 / (power + 1);
        int held = 0, runs = 1500;
        for (int run = 0; run < runs; run++)
        {
            Interval interval = QuestionInterval.OfMean([.. Enumerable.Range(0, questions).Select(_ => Sampled(random, samples, power == 0 ? 0.5 : Math.Pow(random.NextDouble(), power)))]);
            held += interval.Low <= truth && truth <= interval.High ? 1 : 0;
        }

        Assert.InRange((double)held / runs, 0.93, 0.98);
    }

    // Two arms of three seeds each: every seed moves all its questions' chances by up to so much.
    [Theory]
    [InlineData(0)]
    [InlineData(0.06)]
    [InlineData(0.2)]
    public void OfSeedsDifference_ThreeSeedsSimulated_CoversWhatItSays(double moved)
    {
        var random = new Random(17);
        int held = 0, runs = 1000;
        for (int run = 0; run < runs; run++)
        {
            double[] chances = [.. Enumerable.Range(0, 60).Select(_ => 0.25 + (0.4 * random.NextDouble()))];
            Interval interval = QuestionInterval.OfSeedsDifference(Arm(chances, 0), Arm(chances, 0.1));
            held += interval.Low <= 0.1 && 0.1 <= interval.High ? 1 : 0;
        }

        Assert.InRange((double)held / runs, 0.93, 0.985);

        double[][][] Arm(double[] chances, double better) => [.. Enumerable.Range(0, 3).Select(_ =>
        {
            double by = better + (moved * ((2 * random.NextDouble()) - 1));
            return chances.Select(chance => Sampled(random, 4, chance + by)).ToArray();
        })];
    }

    private static double[][] Questions(int count, Func<int, double> score) => Questions(count, 1, (question, _) => score(question));

    private static double[][] Questions(int count, int samples, Func<int, int, double> score) =>
        [.. Enumerable.Range(0, count).Select(question => Enumerable.Range(0, samples).Select(sample => score(question, sample)).ToArray())];

    private static double[][] Drawn(Random random, int questions, int samples, double low, double high) =>
        [.. Enumerable.Range(0, questions).Select(_ => Sampled(random, samples, random.NextDouble() < 0.5 ? low * low : high))];

    private static double[] Sampled(Random random, int samples, double chance)
    {
        var scores = new double[samples];
        for (int i = 0; i < samples; i++)
        {
            scores[i] = random.NextDouble() < chance ? 1 : 0;
        }

        return scores;
    }
}
