using Rlt.Studies;

namespace Rlt.Tests.Studies;

/// <summary>Correlations of traces and accuracy.</summary>
public sealed class StudyCorrelationTests : IDisposable
{
    private const double Rounding = 1e-12;

    private const string ThreeArms = """
          - title: Reward
            arms:
              - {name: p1, label: low, eval: "p1-{seed}", traces: "t1/traces.jsonl"}
              - {name: p2, label: middle, eval: "p2-{seed}", traces: "t2/traces.jsonl"}
              - {name: p3, label: high, eval: "p3-{seed}", traces: "t3/traces.jsonl"}
            correlation: {claim: true, x: reward, arms: [p1, p2, p3]}
        """;

    private readonly MadeUpExperiment _runs = new();

    public StudyCorrelationTests()
    {
        _runs.Traces("t1", -3, -3);
        _runs.Traces("t2", -2.5, -1.5);
        _runs.Traces("t3", -1);
    }

    public void Dispose() => _runs.Dispose();

    [Fact]
    public void Of_ThreeArmsTwoSeeds_IsPearsonOverAllPoints()
    {
        Evaluate(("1 0 0 0", "0 0 0 0"), ("1 1 0 0", "1 1 0 0"), ("1 1 1 0", "1 1 1 1"));
        StudyCorrelation correlation = _runs.Study(ThreeArms).Sections[0].Correlation!;
        Assert.Equal([-3.0, -3], correlation.X[0]);
        Assert.Equal([0.25, 0], correlation.Y[0]);
        // x −3 −3 −2 −2 −1 −1: squares 4; y 1/4 0 1/2 1/2 3/4 1 about 1/2: squares 1/16 + 1/4 + 1/16 + 1/4, products 3/4 + 3/4.
        Assert.Equal(1.5 / Math.Sqrt(4 * 0.625), correlation.R!.Value, Rounding);
        Assert.Equal((2, ClaimVerdict.Holds), (correlation.Replicates, correlation.Verdict));
    }

    [Fact]
    public void Of_SameAccuracyEverywhere_HasNoRAndTellsNothing()
    {
        Evaluate(("1 0", "1 0"), ("0 1", "1 0"), ("1 0", "0 1"));
        StudyCorrelation correlation = _runs.Study(ThreeArms).Sections[0].Correlation!;
        Assert.Equal((null, null, ClaimVerdict.NotToldApart), (correlation.R, correlation.Interval, correlation.Verdict));
    }

    [Fact]
    public void Of_ArmMissingPartial_IsLeftOut()
    {
        Evaluate(("1 0", "1 0"), ("0 1", "1 0"), ("1 0", "0 1"));
        Directory.Delete(_runs["p2-1"], recursive: true);
        Directory.Delete(_runs["p2-2"], recursive: true);
        Assert.Null(_runs.Study(ThreeArms, partial: true).Sections[0].Correlation);
    }

    [Fact]
    public void Of_TracesWithoutTheQuantity_AreNamed()
    {
        Evaluate(("1 0", "1 0"), ("0 1", "1 0"), ("1 0", "0 1"));
        DataException error = Assert.Throws<DataException>(() => _runs.Study(ThreeArms.Replace("x: reward", "x: surprise", StringComparison.Ordinal)));
        Assert.StartsWith($"{_runs["t1/traces.jsonl"]}: no row has 'surprise'", error.Message, StringComparison.Ordinal);
    }

    private void Evaluate(params (string First, string Second)[] arms)
    {
        for (int i = 0; i < arms.Length; i++)
        {
            _runs.Eval($"p{i + 1}-1", arms[i].First);
            _runs.Eval($"p{i + 1}-2", arms[i].Second);
        }
    }
}
