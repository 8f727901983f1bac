using Rlt.Configuration;
using Rlt.Teaching.Rewards;
using Rlt.Tests.Data;

namespace Rlt.Tests.Teaching;

/// <summary>The reward's arithmetic against numbers computed by hand.</summary>
public sealed class RewardTests : IDisposable
{
    private static readonly float[] _solution = [-1, -2, -3];
    private static readonly float[] _teacher = [-1, -1];
    private static readonly float[] _student = [-2, -0.5f];
    private readonly ScratchDirectory _scratch = new();

    /// <summary>A term of one statistic, and its value of −1, −9, −2, −4.</summary>
    public static TheoryData<RewardTerm, double> Statistics => new()
    {
        { new RewardTerm { Mean = 1 }, -4 },
        { new RewardTerm { Sum = 1 }, -16 },
        { new RewardTerm { Min = 1 }, -9 },
        { new RewardTerm { Max = 1 }, -1 },
        { new RewardTerm { Median = 1 }, -4 },
        { new RewardTerm { FirstQuartile = 1 }, -5.25 },
        { new RewardTerm { LastQuartile = 1 }, -1.75 },
        { new RewardTerm { Mean = 2, Max = -10, LastQuartile = 4 }, -8 + 10 - 7 },
        { new RewardTerm(), 0 },
    };

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [MemberData(nameof(Statistics))]
    public void Of_FourValues_IsTheWeightedStatistic(RewardTerm term, double expected) => Assert.Equal(expected, term.Of([-1, -9, -2, -4]), 1e-12);

    [Fact]
    public void Of_NoValues_IsZero()
    {
        var every = new RewardTerm { Mean = 1, Sum = 1, Min = 1, Max = 1, Median = 1, FirstQuartile = 1, LastQuartile = 1 };
        Assert.Equal(0, every.Of([]));
        Assert.Equal(0, (every with { Normalize = Normalization.Exp, Floor = 1 }).Of([]));
    }

    [Fact]
    public void Of_OneValue_IsEveryStatistic() =>
        Assert.Equal(7 * -3.0, new RewardTerm { Mean = 1, Sum = 1, Min = 1, Max = 1, Median = 1, FirstQuartile = 1, LastQuartile = 1 }.Of([-3]), 1e-12);

    [Fact]
    public void Of_OddNumber_MedianIsTheMiddle() => Assert.Equal(5, new RewardTerm { Median = 1 }.Of([9, 5, 1]));

    [Fact]
    public void Of_Normalized_BeforeTheStatistic()
    {
        double[] logarithms = [0, -Math.Log(2), -Math.Log(4)];
        Assert.Equal((1 + 0.5 + 0.25) / 3, new RewardTerm { Normalize = Normalization.Exp, Mean = 1 }.Of(logarithms), 1e-12);
        Assert.Equal((0 + 0.5 + 0.75) / 3, new RewardTerm { Normalize = Normalization.ExpNorm, Mean = 1 }.Of([.. logarithms.Select(value => -value)]), 1e-12);
        Assert.Equal(1 - 4, new RewardTerm { Normalize = Normalization.ExpNorm, Min = 1 }.Of(logarithms), 1e-12);
    }

    [Fact]
    public void Of_Bounds_AreOfTheNormalizedValuesAndBeforeTheStatistic()
    {
        var mean = new RewardTerm { Mean = 1 };
        Assert.Equal((-1 - 2 - 2) / 3.0, (mean with { Floor = -2 }).Of([-1, -2, -5]), 1e-12);
        Assert.Equal((0.5 + 0.5 - 5) / 3.0, (mean with { Ceiling = 0.5 }).Of([0.5, 4, -5]), 1e-12);
        Assert.Equal((0.4 + 0.5 + 0.6) / 3.0, (mean with { Normalize = Normalization.Exp, Floor = 0.4, Ceiling = 0.6 }).Of([-9, -Math.Log(2), 0]), 1e-12);
    }

    [Fact]
    public void From_HandComputed_EveryPart()
    {
        Reward reward = From(new RewardOptions());
        Assert.Equal((-2.0, -3.0, 0.25, 1.0, 0.0), (reward.SolutionMean, reward.SolutionMin, reward.KlMean, reward.KlMax, reward.Match));
        Assert.Equal(-2.03, reward.SolutionScore, 1e-12);
        Assert.Equal(0.78, reward.ThinkKl, 1e-12);
        Assert.Equal(-2.81, reward.Total, 1e-12);
        Assert.Equal((2, 3), (reward.ExplanationTokens, reward.SolutionTokens));
    }

    [Fact]
    public void From_MissingTag_AddsThePenalty()
    {
        Assert.Equal(-3.81, From(new RewardOptions(), closed: false).Total, 1e-12);
        Assert.Equal(-2.81 - 7, From(new RewardOptions { MissingTagPenalty = -7 }, closed: false).Total, 1e-12);
    }

    [Fact]
    public void From_OtherTerms_AreUsedAndTheStatisticsStayInNats()
    {
        Reward reward = From(new RewardOptions
        {
            SolutionScore = new RewardTerm { Normalize = Normalization.Exp, Sum = 2 },
            ThinkKl = new RewardTerm { Ceiling = 0.75, Mean = 10, Max = 100 },
        });
        Assert.Equal(2 * (Math.Exp(-1) + Math.Exp(-2) + Math.Exp(-3)), reward.SolutionScore, 1e-12);
        Assert.Equal((10 * 0.125) + (100 * 0.75), reward.ThinkKl, 1e-12);
        Assert.Equal((-2.0, -3.0, 0.25, 1.0), (reward.SolutionMean, reward.SolutionMin, reward.KlMean, reward.KlMax));
    }

    // The log ratios are 1 and −0.5; the student's log-likelihoods −2 and −0.5.
    [Fact]
    public void From_Estimates_EachByItsFormula()
    {
        double schulman = (Math.Exp(-1) + (Math.Exp(0.5) - 1.5)) / 2;
        Assert.Equal(schulman, From(new RewardOptions { ThinkEstimate = ThinkEstimate.Schulman }).KlMean, 1e-12);
        Reward studentOnly = From(new RewardOptions { ThinkEstimate = ThinkEstimate.StudentOnly });
        Assert.Equal((1.25, 2.0), (studentOnly.KlMean, studentOnly.KlMax));
        Assert.Equal((3 * 1.25) + (0.03 * 2), studentOnly.ThinkKl, 1e-12);
    }

    [Theory]
    [InlineData(ThinkEstimate.LogRatio, Normalization.None)]
    [InlineData(ThinkEstimate.Schulman, Normalization.ExpNorm)]
    [InlineData(ThinkEstimate.StudentOnly, Normalization.Exp)]
    public void From_EmptyExplanation_HasNoKlInAnySetting(ThinkEstimate estimate, Normalization normalize)
    {
        var options = new RewardOptions { ThinkEstimate = estimate, ThinkKl = new RewardTerm { Normalize = normalize, Mean = 3, Max = 0.03, Floor = 0.5 } };
        Reward reward = Reward.From(_solution, [], [], closed: true, options);
        Assert.Equal((0.0, 0.0, 0.0, 0), (reward.ThinkKl, reward.KlMean, reward.KlMax, reward.ExplanationTokens));
        Assert.Equal(-2.03, reward.Total, 1e-12);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void From_NotFinite_IsRefused(float likelihood)
    {
        var error = Assert.Throws<RunFailedException>(() => Reward.From(_solution, _teacher, [likelihood, -1], closed: true, new RewardOptions()));
        Assert.Contains("think KL NaN); expected a finite number", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NamedKeysOfATerm_LeaveTheOthersAtTheirDefaults()
    {
        File.WriteAllText(_scratch["reward.yaml"], "think_kl:\n  max: 0\n  normalize: exp_norm\nthink_estimate: schulman\n");
        RewardOptions options = ConfigLoader.Load<RewardOptions>(_scratch["reward.yaml"], ["solution_score.median=0.5"]);
        var expected = new RewardOptions
        {
            SolutionScore = new RewardTerm { Mean = 1, Min = 0.01, Median = 0.5 },
            ThinkKl = new RewardTerm { Mean = 3, Normalize = Normalization.ExpNorm },
            ThinkEstimate = ThinkEstimate.Schulman,
        };
        Assert.Equal(expected, options);
    }

    [Theory]
    [InlineData("teacher_temperature=0", "teacher_temperature is 0; expected more than 0")]
    [InlineData("student_temperature=-1", "student_temperature is -1; expected more than 0")]
    [InlineData("missing_tag_penalty=1", "missing_tag_penalty is 1, which rewards a missing tag; expected 0 or less")]
    [InlineData("solution_score.normalize=log", "solution_score.normalize is 'log'; expected one of none, exp, exp_norm")]
    [InlineData("think_kl.median_weight=1", "think_kl.median_weight is not a known key")]
    public void Load_WrongValue_IsRefused(string value, string message) =>
        Assert.Contains(message, Assert.Throws<ConfigException>(() => ConfigLoader.Load<RewardOptions>(null, [value])).Message, StringComparison.Ordinal);

    [Fact]
    public void Load_FloorAboveCeiling_IsRefused() => Assert.Contains(
        "think_kl.floor is 2, above the ceiling of 1; expected at most the ceiling",
        Assert.Throws<ConfigException>(() => ConfigLoader.Load<RewardOptions>(null, ["think_kl.floor=2", "think_kl.ceiling=1"])).Message,
        StringComparison.Ordinal);

    private static Reward From(RewardOptions options, bool closed = true) => Reward.From(_solution, _teacher, _student, closed, options);
}
