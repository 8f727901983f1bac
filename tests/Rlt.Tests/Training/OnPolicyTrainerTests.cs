using System.Text.Json.Nodes;
using Rlt.Models;
using Rlt.Models.Adapters;
using Rlt.Training.OnPolicy;

namespace Rlt.Tests.Training;

/// <summary>Whole runs of on-policy distillation with tiny models.</summary>
public sealed class OnPolicyTrainerTests : IDisposable
{
    private readonly TrainingRun _run = new();

    private DistillConfig Config => new()
    {
        Method = DistillMethod.Opd,
        Model = _run.Model,
        Data = "unused",
        Out = "unused",
        Format = "unused",
        BatchSize = 4,
        Steps = 4,
        MicroBatchTokens = 60,
        SaveEvery = 1,
        Optimizer = _run.Sft.Optimizer,
        Opd = new OnPolicyConfig { Teacher = new OnPolicyTeacher { Model = _run.Student }, Samples = 2, MaxNewTokens = 8, SamplingRows = 3 },
    };

    public void Dispose() => _run.Dispose();

    [Theory]
    [InlineData(0, 0, DivergenceForm.Distribution)]
    [InlineData(1, 0, DivergenceForm.Distribution)]
    [InlineData(1, 20, DivergenceForm.Distribution)]
    [InlineData(1, 0, DivergenceForm.Sampled)]
    public void Run_EveryLoss_BringsTheStudentNearer(double beta, int topK, DivergenceForm form)
    {
        _run.RunOnPolicy("a", With(Config, Config.Opd! with { Loss = new OnPolicyLoss { Beta = beta, TopK = topK, Form = form } }) with { Steps = 25, BatchSize = 16, SaveEvery = 0 });
        double[] divergences = [.. Rows("a").Select(row => (double)row["divergence"]!)];
        Assert.True(divergences[^4..].Average() < 0.8 * divergences[..4].Average(), string.Join(' ', divergences));
    }

    /// <summary>Stopped and gone on, and with other numbers of rows and tokens at once: the same bytes, with a teacher that moves and steps on given answers.</summary>
    [Fact]
    public void Run_StoppedAndResumed_EqualsUninterrupted()
    {
        DistillConfig config = With(Config, Config.Opd! with { Lmbda = 0.5, Teacher = new OnPolicyTeacher { Sees = TeacherSees.Solution, Ema = 0.25 } });
        _run.RunOnPolicy("whole", config);
        Assert.Throws<IOException>(() => _run.RunOnPolicy("parts", config, new RunWatcher(step => ThrowAt(step, 3))));
        var watcher = new RunWatcher();
        _run.RunOnPolicy("parts", config, watcher);
        Assert.Equal([(2, 4)], watcher.Starts);
        Assert.Equal(_run.Weights("whole"), _run.Weights("parts"));
        Assert.Equal(_run.Metrics("whole"), _run.Metrics("parts"));
        Assert.Equal([0.0, 1.0], Rows("whole").Select(row => (double)row["on_policy"]!).Distinct().Order());
    }

    [Fact]
    public void Run_OtherNumbersOfRowsAtOnce_DrawsTheSame()
    {
        _run.RunOnPolicy("few", With(Config, Config.Opd! with { SamplingRows = 1 }) with { Steps = 1 });
        _run.RunOnPolicy("many", With(Config, Config.Opd! with { SamplingRows = 50 }) with { Steps = 1 });
        Assert.Equal(Samples("few"), Samples("many"));
        Assert.Equal(4, Samples("few").Distinct().Count());

        string[] Samples(string name) => [.. Golden.Lines(Path.Combine(_run[name], "samples.jsonl")).Select(row => (string)row["completion"]!)];
    }

    /// <summary>The student's own weights that see the solution are another distribution; with adapters they are the base model, which stays as it is.</summary>
    [Fact]
    public void Run_OwnWeightsSeeTheSolution_AdaptersLearn()
    {
        DistillConfig config = With(Config, Config.Opd! with { Teacher = new OnPolicyTeacher { Sees = TeacherSees.Solution } });
        _run.RunOnPolicy("a", config with { Lora = new LoraConfig { Rank = 4 } });
        Assert.All(Rows("a"), row => Assert.True((double)row["divergence"]! > 1e-4 && (double)row["grad_norm"]! > 0));
        using LanguageModel student = LanguageModel.Load(Path.Combine(_run["a"], "model"), TinyDirectory.Device);
        Assert.NotNull(student.Decoder.Adapters);
    }

    [Fact]
    public void Run_MaskTruncated_CutAnswersTeachNothing()
    {
        _run.RunOnPolicy("a", With(Config, Config.Opd! with { MaxNewTokens = 1, Loss = new OnPolicyLoss { MaskTruncated = true } }));
        Assert.All(Rows("a"), row => Assert.Equal((double)row["truncated"]! < 1, (double)row["loss"]! > 0));
        Assert.Contains(Rows("a"), row => (double)row["truncated"]! == 1);
    }

    [Fact]
    public void Run_Clip_TellsTheShareOfClippedTokens()
    {
        _run.RunOnPolicy("a", With(Config, Config.Opd! with { Loss = new OnPolicyLoss { Clip = 0.1 } }) with { Steps = 1 });
        JsonObject row = Rows("a").Single();
        Assert.InRange((double)row["clipped_tokens"]!, 0.01, 1);
        Assert.True((double)row["loss"]! <= 0.1 && (double)row["divergence"]! > (double)row["loss"]!);
    }

    private static DistillConfig With(DistillConfig config, OnPolicyConfig settings) => config with { Opd = settings };

    private static void ThrowAt(int step, int at)
    {
        if (step == at)
        {
            throw new IOException("the test's power cut");
        }
    }

    private JsonObject[] Rows(string name) => [.. Golden.Lines(Path.Combine(_run[name], "metrics.jsonl"))];
}
