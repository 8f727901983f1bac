using System.Text.Json.Nodes;
using Rlt.Statistics;
using Rlt.Training;
using Rlt.Training.Sft;

namespace Rlt.Tests.Cli;

/// <summary>Held-out rows in training: what is measured, which model is best by it, and the verdict of supervised fine-tuning.</summary>
public sealed class ValidationCommandTests : IDisposable
{
    private const double Close = 1e-6;

    private readonly CommandLine _rlt = new();

    public ValidationCommandTests() => _rlt.Write("heldout.jsonl", """
        {"question": "2 + 2?", "solution": "4", "explanation": "twice two", "answer": "4"}
        {"question": "5 + 4?", "solution": "9", "explanation": "add them", "answer": "9"}

        """);

    public void Dispose() => _rlt.Dispose();

    /// <summary>Measured on the rows that are learned, the loss after a step is that of the next one.</summary>
    [Fact]
    public void Warmup_Validate_MeasuresTheLossATokenAfterEveryStep()
    {
        CommandResult result = _rlt.Run("warmup", "--config", "@sft.yaml", "--set", "batch_size=3", "--set", $"validate={{data: {_rlt["data.jsonl"]}, every: 1}}");
        Assert.Equal(0, result.Exit);
        Assert.Contains($"warning: validate.data: 3 of the 3 questions of {_rlt["data.jsonl"]} are trained on, too; expected others\n", result.Errors, StringComparison.Ordinal);
        JsonObject[] rows = _rlt.Rows("run/metrics.jsonl");
        for (int step = 1; step < rows.Length; step++)
        {
            Assert.Equal((double)rows[step]["loss"]!, (double)rows[step - 1]["validation_loss"]!, Close);
        }

        Assert.All(rows, row => Assert.InRange((double)row["validation_loss"]!, (double)row["validation_loss_low"]!, (double)row["validation_loss_high"]!));
    }

    [Theory]
    [InlineData("warmup", "sft.yaml", "validation_loss", "held-out loss")]
    [InlineData("train-teacher", "teacher.yaml", "validation_reward", "held-out reward")]
    [InlineData("train-solver", "solver.yaml", "validation_correct", "held-out accuracy")]
    public void Training_Validate_EveryFewStepsAndAtTheEnd_TellsTheBestByIt(string command, string config, string metric, string shown)
    {
        _rlt.Write("solver.yaml", "base: eval.yaml\nsteps: 3\nquestions_per_step: 2\ngroup_size: 2\noptimizer: {learning_rate: 1e-3}\n");
        CommandResult result = _rlt.Run(command, "--config", "@" + config, "--set", "steps=3", "--set", "save_every=0", "--set", $"validate.data={_rlt["heldout.jsonl"]}",
            "--set", "validate.every=2");
        Assert.Equal(0, result.Exit);
        JsonObject[] rows = _rlt.Rows("run/metrics.jsonl");
        Assert.Equal([2, 3], rows.Where(row => row.ContainsKey(metric)).Select(row => (int)row["step"]!));
        Assert.All(rows, row => Assert.Equal(row.ContainsKey(metric), row.ContainsKey("seconds_validation")));

        // The first measurement is the best so far, whose model is kept.
        Assert.True(Directory.Exists(_rlt["run/checkpoints/step-000002"]));
        double before = (double)rows[1][metric]!, after = (double)rows[2][metric]!;
        bool endIsBest = metric == "validation_loss" ? after <= before : after >= before;
        string end = $"{shown} {Validation.Shown(rows[2], metric)} after step 3";
        Assert.Contains(endIsBest
            ? $"best model: the finished one, {_rlt["run/model"]} ({end})\n"
            : $"best model: {_rlt["run/checkpoints/step-000002"]} ({shown} {Validation.Shown(rows[1], metric)} after step 2); the finished one: {end}\n",
            result.Errors, StringComparison.Ordinal);
        Assert.Contains("verdict: ", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Warmup_ValidateSamples_IsRefused() => Assert.Contains(
        "validate.samples is 2, but supervised fine-tuning samples nothing: the held-out loss is measured. Leave it out",
        _rlt.Run("warmup", "--config", "@sft.yaml", "--set", $"validate={{data: {_rlt["heldout.jsonl"]}, samples: 2}}").Errors, StringComparison.Ordinal);

    [Fact]
    public void Warmup_End_SaysAVerdict()
    {
        string[] run = ["warmup", "--config", "@sft.yaml", "--set", "batch_size=3"];
        Assert.Contains("verdict: healthy\n", _rlt.Run(run).Errors, StringComparison.Ordinal);
        int cutoff = (int)(double)_rlt.Rows("run/metrics.jsonl")[0]["sequence_tokens"]! - 2;
        Assert.Matches($"verdict: not healthy: of 3 rows [123] \\([0-9.]+%\\) were cut to {cutoff} tokens\n", _rlt.Run([.. run, "--out", "@cut", "--set", $"cutoff={cutoff}"]).Errors);
    }

    [Fact]
    public void Verdict_HeldOutWorseThanItsInterval_SaysSinceWhen() => Assert.Equal(
        "not healthy: held-out results are worse than they were in 2 of 3 measurements (first in step 6, last in step 9)",
        RunVerdict.Of([.. Enumerable.Range(1, 9).Select(step => step % 3 == 0 ? Row(step, 1, step / 3 * 0.7) : Row(step, 1, null))], Losses(0)));

    [Theory]
    [InlineData(1, 2, "not healthy: the training loss has risen from 1 (steps 1 to 10) to 2 (the last 10 steps); lower optimizer.learning_rate")]
    [InlineData(2, 1, "healthy (of 100 rows 5 (5%) were cut to 64 tokens)")]
    public void Verdict_TrainingLoss_MayNotRise(double start, double end, string verdict) => Assert.StartsWith(
        verdict, RunVerdict.Of([.. Enumerable.Range(1, 20).Select(step => Row(step, step <= 10 ? start : end, null))], Losses(5)), StringComparison.Ordinal);

    /// <summary>Hand-computed: rows of 2 and 4 tokens with summed losses 4 and 2 have the mean 1, and leave 2 and −2 over.</summary>
    [Fact]
    public void OfRatio_TwoRows_IsStudentsInterval()
    {
        const double T1 = 12.7062047;
        double half = T1 * Math.Sqrt(8 * 2.0 / 1) / 6;
        Interval interval = MeanInterval.OfRatio([4, 2], [2, 4])!.Value;
        Assert.Equal((1 - half, 1 + half), (interval.Low, interval.High), (one, other) => Math.Abs(one.Item1 - other.Item1) + Math.Abs(one.Item2 - other.Item2) < Close);
        Assert.Null(MeanInterval.Of([3]));
    }

    [Fact]
    public void IsNewBest_LowestLoss_IsToldAmongMeasuredSteps()
    {
        var policy = new CheckpointPolicy(0, 0, 1, BestMetric.HeldOutLoss);
        JsonObject[] rows = [Loss(1, 2), Loss(2, null), Loss(3, 1), Loss(4, 1.5)];
        Assert.Equal([true, false, true, false], Enumerable.Range(1, 4).Select(steps => policy.IsNewBest(rows[..steps])));
        Assert.Equal([10], policy.Dropped([(10, 2.0), (20, 1.0), (30, 1.5)], 30));
    }

    private static RowLosses Losses(int cut) => new(100, 0, 0, cut, 64);

    private static JsonObject Row(int step, double loss, double? behind)
    {
        var row = new JsonObject { ["step"] = (long)step, ["loss"] = loss };
        if (behind is not null)
        {
            row["validation_behind"] = behind;
        }

        return row;
    }

    private static JsonObject Loss(int step, double? validation)
    {
        JsonObject row = Row(step, 1, null);
        if (validation is not null)
        {
            row["validation_loss"] = validation;
        }

        return row;
    }
}
