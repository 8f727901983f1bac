using Rlt.Studies;

namespace Rlt.Tests.Studies;

/// <summary>A study's figures against those by hand, and what it refuses.</summary>
public sealed class StudyTests : IDisposable
{
    private const double Rounding = 1e-12;

    private const string TwoArms = """
          - title: Two arms
            arms:
              - {name: a, label: first, eval: "a-{seed}"}
              - {name: b, label: second, eval: "b-{seed}"}
            compare: [{arm: b, over: a, claim: true}]
        """;

    private readonly MadeUpExperiment _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public void Of_TwoSeeds_HasEachSeedsFigures()
    {
        // 1/4 and 1/2 against 3/4 and 1/2, two samples a question.
        _runs.Eval("a-1", "10 00");
        _runs.Eval("a-2", "11 0-");
        _runs.Eval("b-1", "11 10");
        _runs.Eval("b-2", "11 00");
        StudySection section = _runs.Study(TwoArms).Sections.Single();
        Assert.Equal(3 / 8.0, section.Arms[0].Accuracy, Rounding);
        Assert.Equal(1 / 8.0, section.Arms[0].NoAnswer, Rounding);
        Assert.Equal(10.5, section.Arms[0].AnswerTokens, Rounding);
        StudyComparison comparison = section.Comparisons.Single()!;
        Assert.Equal([0.5, 0], comparison.BySeed);
        Assert.Equal(0.25, comparison.Difference, Rounding);
        Assert.Equal((2, ClaimVerdict.NotToldApart), (comparison.Replicates, comparison.Verdict));
        Assert.Empty(comparison.UnlikeSettings);
    }

    [Fact]
    public void Of_SectionWithSeedsOfItsOwn_AsksForNoOthers()
    {
        _runs.Eval("a-2", "1 0 0");
        _runs.Eval("b-2", "1 1 0");
        StudySection section = _runs.Study(TwoArms.Replace("    arms:", "    seeds: [2]\n    arms:", StringComparison.Ordinal)).Sections.Single();
        Assert.Equal([2], section.Comparisons.Single()!.Seeds);
        Assert.Empty(section.Missing);
    }

    [Theory]
    [InlineData("000000000000", "111111111111", ClaimVerdict.Holds)]
    [InlineData("111111111111", "000000000000", ClaimVerdict.DoesNotHold)]
    [InlineData("111111000000", "111111000000", ClaimVerdict.NotToldApart)]
    public void Of_Claims_AreJudgedByTheirIntervals(string first, string second, ClaimVerdict expected)
    {
        foreach (int seed in new[] { 1, 2 })
        {
            _runs.Eval($"a-{seed}", string.Join(' ', first.ToCharArray()));
            _runs.Eval($"b-{seed}", string.Join(' ', second.ToCharArray()));
        }

        Assert.Equal(expected, _runs.Study(TwoArms).Sections[0].Comparisons[0]!.Verdict);
    }

    [Fact]
    public void Of_QuestionsInAnotherOrder_ArePairedByTheirIds()
    {
        _runs.Eval("a-1", "1 0 0");
        _runs.Eval("b-1", "1 0 0");
        string path = Path.Combine(_runs["b-1"], "results.jsonl");
        File.WriteAllLines(path, File.ReadAllLines(path).Reverse());
        StudyComparison comparison = _runs.Study(TwoArms, "[1]").Sections[0].Comparisons[0]!;
        // Nothing differs: only what three questions leave open, alike on both sides.
        Assert.Equal(-comparison.Interval.Low, comparison.Interval.High, Rounding);
        Assert.Equal(3.841458821 / (3 + 3.841458821), comparison.Interval.High, 1e-6);
    }

    [Fact]
    public void Of_OtherQuestions_NamesBothFolders()
    {
        _runs.Eval("a-1", "1 0");
        _runs.Eval("b-1", "1 0", firstId: 2);
        DataException error = Assert.Throws<DataException>(() => _runs.Study(TwoArms, "[1]"));
        Assert.Equal($"{_runs["a-1"]} and {_runs["b-1"]}: question '1' is in {_runs["a-1"]}, not in {_runs["b-1"]}; arms that are compared must be evaluated on the same questions. Evaluate both on the same data.", error.Message);
    }

    [Fact]
    public void Of_OtherSettings_SaysSo()
    {
        _runs.Eval("a-1", "1 0");
        _runs.Eval("b-1", "1 0", temperature: 0.7);
        Assert.Equal(["temperature 0.7 against 0"], _runs.Study(TwoArms, "[1]").Sections[0].Comparisons[0]!.UnlikeSettings);
    }

    [Fact]
    public void Of_MissingRun_NamesSectionArmSeedAndPath()
    {
        _runs.Eval("a-1", "1 0");
        _runs.Eval("a-2", "1 0");
        _runs.Eval("b-1", "1 0");
        DataException error = Assert.Throws<DataException>(() => _runs.Study(TwoArms));
        Assert.Equal($"Two arms: arm 'b', seed 2: {_runs["b-2"]} is no finished run of eval (no summary.json). Run it, correct the path or --runs, or give --partial to leave it out.", error.Message);
    }

    [Fact]
    public void Of_MissingRunPartial_UsesTheSeedsThatAreThere()
    {
        _runs.Eval("a-1", "1 0");
        _runs.Eval("a-2", "1 0");
        _runs.Eval("b-1", "1 1");
        StudySection section = _runs.Study(TwoArms, partial: true).Sections[0];
        Assert.Equal([0.5], section.Comparisons[0]!.BySeed);
        Assert.Equal([$"Two arms: arm 'b', seed 2: {_runs["b-2"]} is no finished run of eval (no summary.json)"], section.Missing);
        Directory.Delete(_runs["b-1"], recursive: true);
        section = _runs.Study(TwoArms, partial: true).Sections[0];
        Assert.Null(section.Comparisons[0]);
        Assert.Equal("a", section.Arms.Single().Config.Name);
    }

    [Fact]
    public void Of_NoRunAtAll_IsRefusedEvenPartial() =>
        Assert.Contains("none of the study's runs is there", Assert.Throws<DataException>(() => _runs.Study(TwoArms, partial: true)).Message, StringComparison.Ordinal);

    [Fact]
    public void Of_RowsLost_IsRefused()
    {
        _runs.Eval("a-1", "1 0");
        _runs.Eval("b-1", "1 0");
        string path = Path.Combine(_runs["b-1"], "results.jsonl");
        File.WriteAllLines(path, File.ReadAllLines(path).Take(1));
        Assert.StartsWith($"{path}: 1 rows; summary.json is of 2.", Assert.Throws<DataException>(() => _runs.Study(TwoArms, "[1]")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_OneRunForAllSeeds_IsOneReplicate()
    {
        _runs.Eval("a-1", "1 0 1 0");
        StudySection section = _runs.Study("""
              - title: s
                arms: [{name: a, label: base, eval: a-1}, {name: b, label: again, eval: a-1}]
                compare: [{arm: b, over: a}]
            """).Sections[0];
        Assert.Equal((1, 1), (section.Arms[0].Evaluations, section.Comparisons[0]!.Replicates));
    }

    [Fact]
    public void Of_TracesAndTeacher_AreAveraged()
    {
        _runs.Eval("a-1", "1");
        _runs.Traces("t", -1, -2, -6);
        _runs.Teacher("teacher", -100, -3, -2, -1);
        StudyArm arm = _runs.Study("""
              - title: s
                arms: [{name: a, label: a, eval: a-1, traces: t/traces.jsonl, teacher: teacher}]
            """, "[1]").Sections[0].Arms[0];
        Assert.Equal((3, 1), (arm.Runs[0].Traces!.Traces, arm.Runs[0].Traces!.Dropped));
        Assert.Equal((-3, 21, 1 / 3.0), (arm.TraceMean("reward"), arm.TraceMean("explanation_tokens"), arm.TraceMean("leaks_early")));
        Assert.Null(arm.TraceMean("think_kl"));
        Assert.Equal((-2, 40), (arm.TeacherMean("reward"), arm.TeacherMean("completion_tokens")));
        Assert.Null(arm.TeacherMean("leaks_early"));
    }
}
