using System.Text.Json.Nodes;
using Rlt.Configuration;
using Rlt.Models;
using Rlt.Models.Adapters;
using Rlt.Runs;
using Rlt.Training.Sft;
using Rlt.Training.Teacher;

namespace Rlt.Tests.Training;

/// <summary>Whole LoRA runs: they learn, repeat and resume bit for bit, and write adapters alone.</summary>
public sealed class LoraTrainerTests : IDisposable
{
    private static readonly LoraConfig Lora = new() { Rank = 4, Alpha = 8, Dropout = 0.1 };

    private readonly TrainingRun _run = new();

    private SftConfig Sft => _run.Sft with { Lora = Lora };

    private TeacherConfig Teacher => _run.Teacher with { Lora = Lora, ReferenceSyncSteps = 0 };

    public void Dispose() => _run.Dispose();

    [Fact]
    public void RunSft_Adapters_LossFalls()
    {
        _run.RunSft("a", Sft with { Steps = 40, SaveEvery = 0 });
        double[] losses = [.. Metrics("a").Select(row => row["loss"]!.GetValue<double>())];

        // Embeddings and head stay frozen, which leaves a model of width 16 less room than full fine-tuning has.
        Assert.True(losses[^3..].Average() < 0.85 * losses[..3].Average(), string.Join(' ', losses));
    }

    [Fact]
    public void RunSft_Adapters_WritesThemAndLeavesTheBase()
    {
        byte[] before = File.ReadAllBytes(Path.Combine(_run.Model, "model.safetensors"));
        using LanguageModel model = LanguageModel.LoadToTrain(_run.Model, TinyDirectory.Device, Lora, 0);
        byte[][] weights = [.. model.Decoder.Parameters.Select(parameter => parameter.Value.bytes.ToArray())];
        using RunFolder folder = RunFolder.Open(_run["a"], ConfigWriter.ToYaml(Sft)).Begin();
        new SftTrainer(Sft, model, TrainingRun.Examples, folder, new RunWatcher()).Run(default);
        Assert.Equal(weights, model.Decoder.Parameters.Select(parameter => parameter.Value.bytes.ToArray()));
        Assert.Equal(before, File.ReadAllBytes(Path.Combine(_run.Model, "model.safetensors")));
        Assert.Equal(["README.md", "adapter_config.json", "adapter_model.safetensors", "tokenizer.json", "tokenizer_config.json"], Names(folder.Model));
        Assert.Equal(
            ["SHA256SUMS", "adapter_config.json", "adapter_model.safetensors", "optimizer.safetensors", "tokenizer.json", "tokenizer_config.json", "trainer_state.json"], Names(folder.Checkpoint(3)));

        using LanguageModel written = LanguageModel.Load(folder.Model, TinyDirectory.Device);
        Assert.Equal(SequenceScorer.LogProbs(model.Decoder, TrainingRun.Examples, 1, 1000), SequenceScorer.LogProbs(written.Decoder, TrainingRun.Examples, 1, 1000));
    }

    [Fact]
    public void RunSft_StoppedAndResumed_EqualsUninterrupted()
    {
        _run.RunSft("whole", Sft);
        Assert.Throws<IOException>(() => _run.RunSft("parts", Sft, new RunWatcher(step => ThrowAt(step, 3))));
        var watcher = new RunWatcher();
        _run.RunSft("parts", Sft, watcher);
        Assert.Equal([(2, 4)], watcher.Starts);
        Assert.Equal(Adapters("whole"), Adapters("parts"));
        Assert.Equal(_run.Metrics("whole"), _run.Metrics("parts"));
    }

    [Fact]
    public void RunSft_NarrowWeights_ResumeFromTheMasterWeights()
    {
        DeviceConfig narrow = TinyDirectory.Device with { Dtype = "bf16" };
        foreach ((string name, int stopAt) in new[] { ("whole", 0), ("parts", 3), ("parts", 0) })
        {
            using LanguageModel model = LanguageModel.LoadToTrain(_run.Model, narrow, Lora, 0);
            using RunFolder folder = RunFolder.Open(_run[name], ConfigWriter.ToYaml(Sft)).Begin();
            var trainer = new SftTrainer(Sft, model, TrainingRun.Examples, folder, new RunWatcher(step => ThrowAt(step, stopAt)));
            Assert.Equal(stopAt > 0, Record.Exception(() => trainer.Run(default)) is IOException);
        }

        Assert.Equal(Adapters("whole"), Adapters("parts"));
        Assert.Equal(_run.Metrics("whole"), _run.Metrics("parts"));
    }

    [Fact]
    public void RunTeacher_StoppedAndResumed_EqualsUninterrupted()
    {
        _run.RunTeacher("whole", Teacher);
        Assert.Throws<IOException>(() => _run.RunTeacher("parts", Teacher, new RunWatcher(step => ThrowAt(step, 3))));
        Assert.False(File.Exists(Path.Combine(_run["parts"], "checkpoints", "step-000002", "reference.safetensors")));
        _run.RunTeacher("parts", Teacher);
        Assert.Equal(Adapters("whole"), Adapters("parts"));
        Assert.Equal(_run.Metrics("whole"), _run.Metrics("parts"));
    }

    [Fact]
    public void RunTeacher_Reference_IsThePolicyWithoutItsAdapters()
    {
        _run.RunTeacher("a", Teacher with { Steps = 2, SaveEvery = 0, Lora = Lora with { Dropout = 0 } });
        double[] kl = [.. Metrics("a").Select(row => row["kl_reference"]!.GetValue<double>())];
        Assert.Equal(0, kl[0], 1e-9);
        Assert.True(kl[1] > 0);
    }

    [Fact]
    public void RunTeacher_ManySteps_NoTensorLeaks()
    {
        long before = TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        _run.RunTeacher("a", Teacher with { Steps = 6, SaveEvery = 0 });
        Assert.Single(Metrics("a").Skip(1).Select(row => row["live_tensors"]!.GetValue<long>()).Distinct());
        Assert.Equal(before, TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void Problems_ReferenceSyncWithLora_SaysToSetItToZero()
    {
        ConfigProblem problem = Assert.Single((Teacher with { ReferenceSyncSteps = 32 }).Problems());
        Assert.Equal("is 32; with lora the reference is the base model itself, which stays as it is. Set it to 0", problem.Message);
        Assert.Empty(Teacher.Problems());
    }

    [Fact]
    public void Problems_BadSizes_AreAllNamed()
    {
        var config = new LoraConfig { Rank = 0, Alpha = -1, Dropout = 1, TargetModules = ["q_proj", "lm_head"] };
        Assert.Equal(
            [
                "Rank is 0; expected 1 or more", "Alpha is -1; expected more than 0", "Dropout is 1; expected 0 to below 1",
                "TargetModules names lm_head; expected some of q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj, qkv_proj, gate_up_proj, in_proj_qkv, in_proj_z, in_proj_b, in_proj_a, out_proj",
            ],
            config.Problems().Select(problem => $"{problem.Key} {problem.Message}"));
        Assert.Equal("is empty; expected some of q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj, qkv_proj, gate_up_proj, in_proj_qkv, in_proj_z, in_proj_b, in_proj_a, out_proj", Assert.Single(new LoraConfig { TargetModules = [] }.Problems()).Message);
        Assert.Empty(new LoraConfig().Problems());
    }

    private static void ThrowAt(int step, int at)
    {
        if (step == at)
        {
            throw new IOException("the disk is full");
        }
    }

    private static IEnumerable<string> Names(string directory) => Directory.EnumerateFiles(directory).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal);

    private byte[] Adapters(string name) => File.ReadAllBytes(Path.Combine(_run[name], "model", "adapter_model.safetensors"));

    private JsonObject[] Metrics(string name) =>
        [.. File.ReadAllLines(Path.Combine(_run[name], "metrics.jsonl")).Select(line => JsonNode.Parse(line)!.AsObject())];
}
