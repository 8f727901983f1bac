using System.Text.Json.Nodes;
using Rlt.Configuration;
using Rlt.Evaluation;
using Rlt.SmallWorld;
using Rlt.Teaching;
using Rlt.Teaching.Rewards;
using Rlt.Training.Solver;

namespace Rlt.Tests.Training;

/// <summary>GRPO on right answers, with a shipped student that solves most of the small world's questions.</summary>
public sealed class SolverTrainerTests : IDisposable
{
    private readonly TrainingRun _run = new();

    private static PromptFormat Format => ConfigLoader.Load<PromptFormat>(Path.Combine(Golden.RepositoryRoot, "configs", "formats", "small.yaml"), []);

    private static SolverConfig Config => new()
    {
        Model = Path.Combine(Golden.RepositoryRoot, "data", "small", "student"),
        Data = "unused",
        Out = "unused",
        Steps = 3,
        QuestionsPerStep = 2,
        GroupSize = 4,
        MaxNewTokens = 120,
        SamplingRows = 8,
        MicroBatchTokens = 600,
        ScoringTokens = 1000,
        SaveEvery = 1,
        SamplesKept = 8,
        Temperature = 1.5,
        Optimizer = new OptimizerConfig { LearningRate = 1e-3 },
    };

    public void Dispose() => _run.Dispose();

    [Fact]
    public void Run_MetricsAndSamples_AgreeWithEachOther()
    {
        _run.RunSolver("a", Config with { Reward = new SolverReward { Correct = 1, Format = 0.25 } }, Questions(), Format);
        JsonObject[] metrics = Rows("metrics.jsonl"), samples = Rows("samples.jsonl");
        Assert.Equal((3, 24), (metrics.Length, samples.Length));
        foreach (JsonObject step in metrics)
        {
            JsonObject[] ofStep = [.. samples.Where(row => row["step"]!.GetValue<int>() == step["step"]!.GetValue<int>())];
            Assert.Equal(ofStep.Average(row => row["correct"]!.GetValue<bool>() ? 1.0 : 0), Value(step, "correct"), 1e-12);
            Assert.Equal(ofStep.Average(row => Value(row, "reward")), Value(step, "reward"), 1e-12);
            Assert.Equal(Value(step, "correct") + (0.25 * Value(step, "whole_form")), Value(step, "reward"), 1e-12);
            Assert.InRange(Value(step, "sampler_difference"), 0, 1e-3);
            Assert.True(step.ContainsKey("kl_reference") && step.ContainsKey("entropy") && step.ContainsKey("solved_by_none"));
        }

        // A right answer's box holds the expected number; within a group, right ones are pushed up and wrong ones down.
        Assert.All(samples, row => Assert.Equal(row["correct"]!.GetValue<bool>(), row["extracted"]?.GetValue<string>() == row["answer"]!.GetValue<string>()));
        JsonObject[][] mixed = [.. samples.GroupBy(row => (row["step"]!.GetValue<int>(), row["question"]!.GetValue<string>())).Select(group => group.ToArray())
            .Where(group => group.Select(row => Value(row, "reward")).Distinct().Count() > 1)];
        Assert.NotEmpty(mixed);
        Assert.All(mixed, group => Assert.True(Value(group.MaxBy(row => Value(row, "reward"))!, "advantage") > 0 && Value(group.MinBy(row => Value(row, "reward"))!, "advantage") < 0));
    }

    [Fact]
    public void Run_StoppedAndResumed_EqualsUninterrupted()
    {
        _run.RunSolver("whole", Config, Questions());
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => _run.RunSolver("parts", Config, Questions(), watcher: new RunWatcher(step => { if (step == 2) { stop.Cancel(); } }), stop: stop.Token));
        var watcher = new RunWatcher();
        _run.RunSolver("parts", Config, Questions(), watcher: watcher);
        Assert.Equal([(2, 3)], watcher.Starts);
        Assert.Equal(_run.Weights("whole"), _run.Weights("parts"));
        Assert.Equal(_run.Metrics("whole"), _run.Metrics("parts"));
        Assert.Equal(File.ReadAllText(Path.Combine(_run["whole"], "samples.jsonl")), File.ReadAllText(Path.Combine(_run["parts"], "samples.jsonl")));
    }

    [Fact]
    public void Run_CutOffAnswers_AreNotRewardedForTheNumberTheyStopAt()
    {
        _run.RunSolver("a", Config with { Steps = 1, MaxNewTokens = 4 }, Questions());
        JsonObject metrics = Assert.Single(Rows("metrics.jsonl"));
        Assert.Equal((1, 1, 0), (Value(metrics, "truncated"), Value(metrics, "no_answer"), Value(metrics, "reward")));
    }

    [Fact]
    public void Config_FormatRewardWithoutFormat_IsRefused()
    {
        ConfigProblem problem = Assert.Single((Config with { Reward = new SolverReward { Format = 0.5 } }).Problems());
        Assert.Equal("reward.format", problem.Key);
    }

    private static EvalQuestion[] Questions() => [.. WorldFiles.Rows(1, new WorldSizes { HeldOut = 6 }).Single(file => file.Name == "heldout.jsonl").Rows
        .Select(row => new EvalQuestion(new TeachingTask(row["question"]!.GetValue<string>(), ""), row["answer"]!.GetValue<string>()))];

    private JsonObject[] Rows(string file) => [.. File.ReadAllLines(Path.Combine(_run["a"], file)).Select(line => JsonNode.Parse(line)!.AsObject())];

    private static double Value(JsonObject row, string key) => row[key]!.GetValue<double>();
}
