using Rlt.Statistics;

namespace Rlt.Tests.Statistics;

/// <summary>Figures computed by hand.</summary>
public sealed class StatisticsTests
{
    private const double Rounding = 1e-12;

    // C(3,2)/C(5,2) = 3/10 pairs without a right one; with one wrong sample every pair has a right one.
    [Theory]
    [InlineData(5, 2, 2, 0.7)]
    [InlineData(4, 1, 1, 0.25)]
    [InlineData(4, 1, 4, 1)]
    [InlineData(4, 0, 4, 0)]
    [InlineData(4, 3, 2, 1)]
    [InlineData(8, 4, 4, 1 - (1.0 / 70))]
    public void PassAtK_OfCounts_IsTheShareOfSubsetsWithARightOne(int samples, int right, int k, double expected) =>
        Assert.Equal(expected, PassAtK.Estimate(samples, right, k), Rounding);

    [Fact]
    public void PassAtK_Reported_PowersOfTwoAndAll()
    {
        Assert.Equal([1, 2, 4, 6], PassAtK.Reported(6));
        Assert.Equal([1, 2, 4, 8], PassAtK.Reported(8));
        Assert.Equal([1], PassAtK.Reported(1));
    }

    [Theory]
    [InlineData("7+ 7+ 5", 1)]
    [InlineData("7+ 5 5", 0)]
    [InlineData("7+ 5 - -", 0.5)]
    [InlineData("7+ 5 4", 1.0 / 3)]
    [InlineData("- -", 0)]
    [InlineData("7+ 7.0+ 5 5", 0.5)]
    public void MajorityVote_OfAnswers_CountsTiesByShare(string votes, double expected) => Assert.Equal(
        expected,
        MajorityVote.Score([.. votes.Split(' ').Select(vote => (vote == "-" ? null : vote.TrimEnd('+'), vote.EndsWith('+')))], (one, other) => one == other),
        Rounding);

    // Six gained, none lost: 2 of 2⁶ signs are as extreme. Six gained, one lost: those with one sign or none other, of 2⁷, both sides.
    [Theory]
    [InlineData(6, 0, 2.0 / 64)]
    [InlineData(6, 1, 16.0 / 128)]
    [InlineData(3, 3, 1)]
    [InlineData(0, 0, 1)]
    public void PairedTest_OfSigns_IsTheSignTest(int gained, int lost, double expected) =>
        Assert.Equal(expected, PairedTest.PValue([.. Enumerable.Repeat(1.0, gained), .. Enumerable.Repeat(-1.0, lost), 0, 0, 0]), Rounding);

    [Fact]
    public void PairedTest_ManyDifferences_ApproachesTheSignTest()
    {
        // 20 gained, 10 lost: two-sided sign test 0.0987.
        double p = PairedTest.PValue([.. Enumerable.Repeat(1.0, 20), .. Enumerable.Repeat(-1.0, 10)]);
        Assert.InRange(p, 0.09, 0.108);
        Assert.InRange(PairedTest.PValue([.. Enumerable.Repeat(0.5, 40)]), 1e-9, 1e-4);
    }

    [Fact]
    public void Holm_OfThree_MultipliesByTheTestsLeftAndNeverFalls() =>
        Assert.Equal([0.08, 0.03, 0.08], PairedTest.Holm([0.04, 0.01, 0.06]).Select(p => Math.Round(p, 12)));
}
