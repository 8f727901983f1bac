namespace Rlt.Tests.Studies;

/// <summary>What a study's file may not say; all problems at once, each with its line.</summary>
public sealed class StudyConfigTests : IDisposable
{
    private readonly MadeUpExperiment _runs = new();

    public void Dispose() => _runs.Dispose();

    [Theory]
    [InlineData("compare: [{arm: b, over: a, clam: true}]", "sections[0].compare[0].clam is not a known key; did you mean 'claim'?")]
    [InlineData("compare: [{arm: c, over: a}]", "sections[0].compare[0].arm is 'c', and no arm of this section has that name; expected one of a, b")]
    [InlineData("compare: [{arm: a, over: a}]", "sections[0].compare[0].over is 'a', the arm itself; expected another arm")]
    [InlineData("correlation: {x: reward, arms: [a, a, b]}", "sections[0].correlation.arms is [a, a, b]; expected 3 arms or more, each once")]
    [InlineData("samples: {arms: [a]}", "sections[0].samples.arms names 'a', which has no traces. Give that arm its traces, or leave it out")]
    [InlineData("samples: {arms: []}", "sections[0].samples.arms is empty; expected the names of arms with traces")]
    [InlineData("samples: {questions: 0, arms: [b]}", "sections[0].samples.questions is 0; expected 1 or more")]
    public void Load_BadSection_SaysWhatAndWhere(string line, string message)
    {
        string sections = $$"""
              - title: s
                arms: [{name: a, label: a, eval: a}, {name: b, label: b, eval: b, traces: t}]
                {{line}}
            """;
        ConfigException error = Assert.Throws<ConfigException>(() => _runs.Study(sections));
        Assert.Contains($"{_runs["study.yaml"]}:7: {message}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_SeedsAndArmsTwice_AreBothNamed()
    {
        ConfigException error = Assert.Throws<ConfigException>(() => _runs.Study("  - title: s\n    arms: [{name: a, label: a, eval: a}, {name: a, label: b, eval: b}]", "[1, 1]"));
        Assert.Contains(":3: seeds is [1, 1]; expected one seed or more, each once", error.Message, StringComparison.Ordinal);
        Assert.Contains(":6: sections[0].arms has two arms 'a'; expected a name of its own for each", error.Message, StringComparison.Ordinal);
    }
}
