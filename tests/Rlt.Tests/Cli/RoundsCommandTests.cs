using System.Text.RegularExpressions;

namespace Rlt.Tests.Cli;

/// <summary>Rounds of <c>rlt run</c>: each on what the one before has made, further ones later, and a table of all.</summary>
public sealed class RoundsCommandTests : IDisposable
{
    private const string Teacher = "{name: teach, command: train-teacher, config: teacher.yaml, settings: {model: stage:warm, student: previous:student, steps: 1}}";

    private readonly CommandLine _rlt = new();

    public void Dispose() => _rlt.Dispose();

    [Fact]
    public void Run_Rounds_TakeFromTheRoundBeforeAndGoOnWithFurtherOnes()
    {
        Write(Teacher, "first: {student: student}");
        CommandResult one = _rlt.Run("run", "@rounds.yaml", "--rounds", "1");
        Assert.True(one.Exit == 0, one.Errors);
        Assert.Contains($"student: {_rlt["student"]}\n", File.ReadAllText(_rlt["pipe/teach-1/config.yaml"]), StringComparison.Ordinal);
        Assert.Contains("| teach-1, start | 1–1 |", one.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("verdict", one.Output, StringComparison.Ordinal);

        CommandResult two = _rlt.Run("run", "@rounds.yaml");
        Assert.True(two.Exit == 0, two.Errors);
        Assert.Equal(4, Regex.Count(two.Errors, "(warm|teach-1|student-1|eval-1): was done before\n"));
        Assert.Contains($"model: {_rlt["pipe/warm/model"]}\n", File.ReadAllText(_rlt["pipe/teach-2/config.yaml"]), StringComparison.Ordinal);
        Assert.Contains($"student: {_rlt["pipe/student-1/model"]}\n", File.ReadAllText(_rlt["pipe/teach-2/config.yaml"]), StringComparison.Ordinal);
        Assert.Contains($"model: {_rlt["pipe/student-2/model"]}\n", File.ReadAllText(_rlt["pipe/eval-2/config.yaml"]), StringComparison.Ordinal);
        Assert.Matches(@"\| eval-1 \| 0\.0% .*\n\| eval-2 \| 0\.0% ", two.Output);
        Assert.Matches(@"\| round 2 \| 0\.0 \(.* to .*\) \| 1\.000 \| no difference beyond the noise \|\n\neval: does not move", two.Output);
        Assert.Equal(two.Output, File.ReadAllText(_rlt["pipe/rounds.md"]));
    }

    [Theory]
    [InlineData(Teacher, "first: {}", "student is 'previous:student', and no round is before the first; expected what stands for it there: rounds.first: {student: PATH}.")]
    [InlineData("{name: teach, command: train-teacher, config: teacher.yaml, settings: {student: previous:studnt}}", "first: {}",
        "student is 'previous:studnt', which names no stage of the round before; did you mean 'previous:student'?")]
    [InlineData("{name: teach, command: train-teacher, config: teacher.yaml, settings: {model: stage:student}}", "first: {}",
        "model is 'stage:student', which names no stage before this one; expected one of warm.")]
    public void Run_WrongReference_IsOneSentenceOfTheFirstRound(string teacher, string first, string message)
    {
        Write(teacher, first);
        CommandResult result = _rlt.Run("run", "@rounds.yaml");
        Assert.Equal((2, $"stage 'teach-1': {_rlt["rounds.yaml"]}:8: {message}"), (result.Exit, result.Message));
        Assert.False(Directory.Exists(_rlt["pipe"]));
    }

    [Theory]
    [InlineData("count: 2", "count: 0", ":5: rounds.count is 0; expected 1 or more")]
    [InlineData("{name: warm,", "{name: eval-1,", ":11: rounds.stages[2].name is 'eval', as another stage's; expected a name of its own")]
    [InlineData("{model: stage:base}", "{model: previous:eval}", ":3: model is 'previous:eval', which names no stage of the round before; this stage is of no round.")]
    public void Run_WrongRounds_IsOneSentence(string right, string wrong, string message)
    {
        Write(Teacher, "first: {student: student}");
        _rlt.Write("rounds.yaml", File.ReadAllText(_rlt["rounds.yaml"]).Replace("settings: {steps: 2}", "settings: {model: stage:base}", StringComparison.Ordinal)
            .Replace(right, wrong, StringComparison.Ordinal));
        CommandResult result = _rlt.Run("run", "@rounds.yaml");
        Assert.Equal(2, result.Exit);
        Assert.EndsWith(_rlt["rounds.yaml"] + message, result.Message, StringComparison.Ordinal);
    }

    private void Write(string teacher, string first) => _rlt.Write("rounds.yaml", string.Join('\n',
    [
        "out: pipe", "stages:", "  - {name: warm, command: warmup, config: sft.yaml, settings: {steps: 2}}",
        "rounds:", "  count: 2", "  " + first, "  stages:", "    - " + teacher,
        "    - {name: student, command: distill, config: sft.yaml, settings: {steps: 1, model: stage:teach}}", "",
        "    - {name: eval, command: eval, config: eval.yaml, settings: {model: stage:student}}\n",
    ]));
}
