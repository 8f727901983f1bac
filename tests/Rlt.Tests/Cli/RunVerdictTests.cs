using System.Globalization;
using System.Text.Json.Nodes;
using Rlt.Training;
using Rlt.Runs;
using Rlt.Training.Grpo;

namespace Rlt.Tests.Cli;

/// <summary>What a GRPO run says of itself at its end: which model was best, whether it was healthy, and that it has collapsed.</summary>
public sealed class RunVerdictTests : IDisposable
{
    private readonly CommandLine _rlt = new();

    public void Dispose() => _rlt.Dispose();

    /// <summary>All models are candidates, the finished one too, and the steps named are those averaged.</summary>
    [Fact]
    public void TrainTeacher_End_NamesTheBestModelAndItsSteps()
    {
        CommandResult result = _rlt.Run("train-teacher", "--config", "@teacher.yaml", "--set", "steps=4", "--set", "save_every=1", "--set", "keep_last=9");
        Assert.Equal(0, result.Exit);
        double[] rewards = [.. _rlt.Rows("run/metrics.jsonl").Select(row => (double)row["reward"]!)];
        double[] scores = [.. Enumerable.Range(1, 4).Select(steps => rewards[..steps].Average())];
        int best = Array.IndexOf(scores, scores.Max()) + 1;
        string end = $"mean reward {Text(scores[3])} over steps 1 to 4";
        Assert.Contains(best switch
        {
            4 => $"best model: the finished one, {_rlt["run/model"]} ({end})\n",
            1 => $"best model: {_rlt["run/checkpoints/step-000001"]} (mean reward {Text(scores[0])} over step 1); the finished one: {end}\n",
            _ => $"best model: {_rlt[$"run/checkpoints/step-00000{best}"]} (mean reward {Text(scores[best - 1])} over steps 1 to {best}); the finished one: {end}\n",
        }, result.Errors, StringComparison.Ordinal);

        // Said again of a run that has ended.
        CommandResult again = _rlt.Run("train-teacher", "--config", "@teacher.yaml", "--set", "steps=4", "--set", "save_every=1", "--set", "keep_last=9");
        Assert.Contains("best model: ", again.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void TrainTeacher_NoBestIsKept_NamesNone() => Assert.DoesNotContain(
        "best model", _rlt.Run("train-teacher", "--config", "@teacher.yaml", "--set", "keep_best=false").Errors, StringComparison.Ordinal);

    [Fact]
    public void TrainTeacher_SignsOfFailure_AreInTheVerdict()
    {
        CommandResult result = _rlt.Run("train-teacher", "--config", "@teacher.yaml");
        int held = _rlt.Rows("run/metrics.jsonl").Count(row => (double)row["truncated"]! > 0.5);
        Assert.Equal((0, 2), (result.Exit, held));
        Assert.Contains("verdict: not healthy: ", result.Errors, StringComparison.Ordinal);
        Assert.Contains("completions are cut off in 2 of 2 steps (first in step 1, last in step 2)", result.Errors, StringComparison.Ordinal);
        Assert.Contains("verdict: not healthy: ", File.ReadAllText(_rlt["run/log.txt"]), StringComparison.Ordinal);
    }

    [Fact]
    public void TrainTeacher_StopWhenHolds_EndsWithThreeAndGoesOnWithout()
    {
        string[] run = ["train-teacher", "--config", "@teacher.yaml", "--set", "steps=4"];
        _rlt.Write("stopping.yaml", "base: teacher.yaml\nsteps: 4\nstop_when: {truncated: 0.9, steps: 2}\n");
        CommandResult stopped = _rlt.Run("train-teacher", "--config", "@stopping.yaml");
        Assert.Equal(3, stopped.Exit);
        Assert.Contains("rlt: the run has collapsed: truncated was 0.9 or more in the last 2 steps (stop_when.truncated), 1 on average. "
            + $"Step 2 is saved in {_rlt["run/checkpoints/step-000002"]}; the same command goes on with --set stop_when=null\n", stopped.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_rlt["run/model"]));

        Assert.Equal(0, _rlt.Run("train-teacher", "--config", "@stopping.yaml", "--set", "stop_when=null").Exit);
        string[] goneOn = [.. _rlt.Rows("run/metrics.jsonl").Select(row => row["reward"]!.ToJsonString())];
        Assert.Equal(0, _rlt.Run([.. run, "--out", "@whole"]).Exit);
        Assert.Equal(_rlt.Rows("whole/metrics.jsonl").Select(row => row["reward"]!.ToJsonString()), goneOn);
    }

    /// <summary>A run that collapses in its last steps has no finished model either, however often it is started.</summary>
    [Fact]
    public void TrainTeacher_StopWhenHoldsAtTheEnd_IsNotFinished()
    {
        string[] run = ["train-teacher", "--config", "@teacher.yaml", "--set", "stop_when.truncated=1", "--set", "stop_when.steps=2"];
        Assert.Equal([3, 3], new[] { _rlt.Run(run).Exit, _rlt.Run(run).Exit });
        Assert.False(Directory.Exists(_rlt["run/model"]));
        Assert.Equal(2, _rlt.Rows("run/metrics.jsonl").Length);
    }

    [Fact]
    public void TrainTeacher_MoreQuestionsThanThereAre_IsSaid() => Assert.Contains(
        "warning: questions_per_step: 7 is more than the 3 questions there are; each is asked up to 3 times a step\n",
        _rlt.Run("train-teacher", "--config", "@teacher.yaml", "--set", "questions_per_step=7", "--set", "steps=1").Errors, StringComparison.Ordinal);

    [Theory]
    [InlineData("stop_when.empty=2", "stop_when.empty is 2; expected a share above 0, up to 1")]
    [InlineData("stop_when.zero_spread=0", "stop_when.zero_spread is 0; expected a share above 0, up to 1")]
    [InlineData("stop_when.steps=3", "stop_when.empty is not set, and so are truncated and zero_spread; expected one of them at least")]
    public void TrainTeacher_StopWhenMakesNoSense_IsRefused(string setting, string message)
    {
        CommandResult result = _rlt.Run("train-teacher", "--config", "@teacher.yaml", "--set", setting);
        Assert.Equal(2, result.Exit);
        Assert.Contains(message, result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Verdict_NothingHeld_IsHealthy() => Assert.Equal("healthy", RunVerdict.Of([Step(1, 0), Step(2, 0.5)]));

    [Fact]
    public void Verdict_HeldLongAgo_IsHealthyAtTheEnd() => Assert.Equal(
        "healthy at the end; earlier explanations are empty in 2 of 12 steps (first in step 1, last in step 2)",
        RunVerdict.Of([.. Enumerable.Range(1, 12).Select(step => Step(step, step < 3 ? 1 : 0))]));

    [Fact]
    public void StopWhen_NotInARow_IsNoReason()
    {
        var rule = new StopWhen { Empty = 0.9, Steps = 3 };
        Assert.Null(rule.Reason([Step(1, 1), Step(2, 1), Step(3, 0.8)]));
        Assert.Null(rule.Reason([Step(1, 1), Step(2, 1)]));
        Assert.Equal("empty was 0.9 or more in the last 3 steps (stop_when.empty), 1 on average", rule.Reason([Step(1, 0), Step(2, 1), Step(3, 1), Step(4, 1)]));
    }

    private static JsonObject Step(int step, double empty) =>
        JsonNode.Parse(FormattableString.Invariant($"{{\"step\": {step}, \"empty\": {empty}}}"))!.AsObject();

    private static string Text(double reward) => reward.ToString("G4", CultureInfo.InvariantCulture);
}
