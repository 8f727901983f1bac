using System.Text.Json.Nodes;
using Rlt.Configuration;
using Rlt.Models.Adapters;
using Rlt.Training.Teacher;

namespace Rlt.Tests.Training;

/// <summary>Whole runs of a tiny model of each family.</summary>
public sealed class FamilyRunTests
{
    public static TheoryData<string> Families => TinyModel.Families;

    [Theory]
    [MemberData(nameof(Families))]
    public void RunTeacher_StoppedAndResumed_EqualsUninterrupted(string family)
    {
        using var run = new TrainingRun(family);
        TeacherConfig config = run.Teacher with { Steps = 2, Optimizer = new OptimizerConfig { LearningRate = 1e-3 } };
        run.RunTeacher("whole", config);
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => run.RunTeacher("parts", config, new RunWatcher(_ => stop.Cancel()), stop: stop.Token));
        run.RunTeacher("parts", config);
        Assert.Equal(run.Weights("whole"), run.Weights("parts"));
        Assert.Equal(run.Metrics("whole"), run.Metrics("parts"));
        JsonObject last = JsonNode.Parse(File.ReadAllLines(Path.Combine(run["whole"], "metrics.jsonl"))[^1])!.AsObject();
        Assert.Equal(TinyModel.HasExperts(family), last.ContainsKey("expert_load"));
        Assert.True((double)last["grad_norm"]! > 0);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void RunSft_Adapters_LeaveTheBaseAndLearn(string family)
    {
        using var run = new TrainingRun(family);
        run.RunSft("adapters", run.Sft with { Lora = new LoraConfig { Rank = 2, Alpha = 4 } });
        double[] losses = [.. File.ReadAllLines(Path.Combine(run["adapters"], "metrics.jsonl")).Select(line => (double)JsonNode.Parse(line)!["loss"]!)];
        Assert.True(losses[^1] < losses[0], string.Join(' ', losses));
        Assert.True(File.Exists(Path.Combine(run["adapters"], "model", AdapterFiles.WeightsFileName)));
    }
}
