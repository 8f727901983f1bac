using System.Text.Json.Nodes;
using Rlt.Models;
using Rlt.Runs;
using Rlt.Tests.Runs;
using Rlt.Training;
using Rlt.Training.Grpo;
using Rlt.Training.Teacher;

namespace Rlt.Tests.Training;

/// <summary>Whole runs: they learn, repeat bit for bit, resume bit for bit, and leak nothing.</summary>
public sealed class TrainerTests : IDisposable
{
    private readonly TrainingRun _run = new();

    public void Dispose() => _run.Dispose();

    [Fact]
    public void RunSft_TinyModel_LossFalls()
    {
        _run.RunSft("a", _run.Sft with { Steps = 30 });
        double[] losses = [.. Metrics("a").Select(row => row["loss"]!.GetValue<double>())];
        Assert.Equal(30, losses.Length);
        Assert.True(losses[^3..].Average() < 0.6 * losses[..3].Average(), string.Join(' ', losses));
    }

    [Fact]
    public void RunSft_Metrics_SayStepRateTargetsAndEpoch()
    {
        _run.RunSft("a", _run.Sft with { Steps = 0, Epochs = 2, SaveEvery = 0 });
        JsonObject[] rows = Metrics("a");

        // Two epochs of three examples by two are three steps; one of them warms up.
        Assert.Equal([1, 2, 3], rows.Select(row => row["step"]!.GetValue<int>()));
        Assert.Equal(0, rows[0]["learning_rate"]!.GetValue<double>());
        Assert.Equal(1e-2, rows[1]["learning_rate"]!.GetValue<double>(), 1e-9);
        Assert.Equal(5e-3, rows[2]["learning_rate"]!.GetValue<double>(), 1e-9);
        Assert.Equal(2.0, rows[2]["epoch"]!.GetValue<double>(), 1e-9);

        // The examples have 7, 10 and 13 targets, each seen twice.
        Assert.Equal(60, rows.Sum(row => row["target_tokens"]!.GetValue<int>()));
        Assert.All(rows, row => Assert.True(row["grad_norm"]!.GetValue<double>() > 0));
        Assert.False(Directory.Exists(Path.Combine(_run["a"], "checkpoints")));
    }

    [Fact]
    public void RunSft_SameSeed_SameBytes()
    {
        _run.RunSft("a", _run.Sft);
        _run.RunSft("b", _run.Sft);
        _run.RunSft("c", _run.Sft with { Seed = 1 });
        Assert.Equal(_run.Weights("a"), _run.Weights("b"));
        Assert.Equal(_run.Metrics("a"), _run.Metrics("b"));
        Assert.NotEqual(_run.Weights("a"), _run.Weights("c"));
    }

    [Fact]
    public void RunSft_StoppedAndResumed_EqualsUninterrupted()
    {
        _run.RunSft("whole", _run.Sft);
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => _run.RunSft("parts", _run.Sft, new RunWatcher(step => StopAt(step, 2, stop)), stop: stop.Token));
        Assert.False(Directory.Exists(Path.Combine(_run["parts"], "model")));
        var watcher = new RunWatcher();
        _run.RunSft("parts", _run.Sft, watcher);
        Assert.Equal([(2, 4)], watcher.Starts);
        Assert.Equal(_run.Weights("whole"), _run.Weights("parts"));
        Assert.Equal(_run.Metrics("whole"), _run.Metrics("parts"));
    }

    [Fact]
    public void RunTeacher_StoppedAndResumed_EqualsUninterrupted()
    {
        _run.RunTeacher("whole", _run.Teacher);
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => _run.RunTeacher("parts", _run.Teacher, new RunWatcher(step => StopAt(step, 3, stop)), stop: stop.Token));
        var watcher = new RunWatcher();
        _run.RunTeacher("parts", _run.Teacher, watcher);
        Assert.Equal([(3, 4)], watcher.Starts);
        Assert.Equal(_run.Weights("whole"), _run.Weights("parts"));
        Assert.Equal(_run.Metrics("whole"), _run.Metrics("parts"));
        Assert.Equal(File.ReadAllText(Path.Combine(_run["whole"], "samples.jsonl")), File.ReadAllText(Path.Combine(_run["parts"], "samples.jsonl")));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(0)]
    public void RunTeacher_KilledBetweenCheckpoints_StepsAreDoneAgainAndWrittenOnce(int saveEvery)
    {
        TeacherConfig config = _run.Teacher with { SaveEvery = saveEvery };
        _run.RunTeacher("whole", config);
        Assert.Throws<IOException>(() => _run.RunTeacher("parts", config, new RunWatcher(step => ThrowAt(step, 3))));
        File.AppendAllText(Path.Combine(_run["parts"], "metrics.jsonl"), "{\"step\":4,\"rew");
        var watcher = new RunWatcher();
        _run.RunTeacher("parts", config, watcher);
        Assert.Equal([(saveEvery, 4)], watcher.Starts);
        Assert.Equal(_run.Weights("whole"), _run.Weights("parts"));
        Assert.Equal(_run.Metrics("whole"), _run.Metrics("parts"));
        Assert.Equal(File.ReadAllText(Path.Combine(_run["whole"], "samples.jsonl")), File.ReadAllText(Path.Combine(_run["parts"], "samples.jsonl")));
    }

    [Fact]
    public void RunTeacher_KilledAndResumed_TensorBoardHasEachStepOnce()
    {
        TeacherConfig config = _run.Teacher with { SaveEvery = 2 };
        Assert.Throws<IOException>(() => _run.RunTeacher("a", config, new RunWatcher(step => ThrowAt(step, 3))));
        _run.RunTeacher("a", config);
        (long Step, Dictionary<string, float> Values)[] events = [.. EventReader.Scalars(_run["a"])];
        Assert.Equal([1, 2, 3, 4], events.Select(step => step.Step));
        Assert.All(Metrics("a").Zip(events), pair => Assert.Equal(pair.First["reward"]!.GetValue<double>(), pair.Second.Values["reward/reward"], 1e-5));
        Assert.All(Metrics("a").Zip(events), pair => Assert.Equal(pair.First.Count - 1, pair.Second.Values.Count));
    }

    [Fact]
    public void RunTeacher_Samples_HaveTheTokenDetailsOfTheirRewards()
    {
        _run.RunTeacher("a", _run.Teacher with { Steps = 1, SamplesKept = 6 });
        JsonObject[] rows = [.. File.ReadAllLines(Path.Combine(_run["a"], "samples.jsonl")).Select(line => JsonNode.Parse(line)!.AsObject())];
        Assert.Equal(6, rows.Length);
        double[] rewards = [.. rows.Select(row => row["reward"]!.GetValue<double>())];
        Assert.Equal(rewards[..4].OrderDescending(), rewards[..4]);
        Assert.Equal(Metrics("a")[0]["reward_max"]!.GetValue<double>(), Math.Max(rewards[0], rewards[4]), 1e-12);
        foreach (JsonObject row in rows)
        {
            double[] solution = Details("solution_logprobs"), without = Details("solution_logprobs_without");
            Assert.Equal(solution.Length, without.Length);
            Assert.Equal(row["solution_score"]!.GetValue<double>(), solution.Average() + (0.01 * solution.Min()), 1e-5);
            double[] kl = [.. Details("teacher_logprobs").Zip(Details("student_logprobs"), (teacher, student) => teacher - student)];
            Assert.Equal(row["think_kl"]!.GetValue<double>(), kl.Length == 0 ? 0 : (3 * kl.Average()) + (0.03 * kl.Max()), 1e-4);
            Assert.Equal(kl.Length, row["details"]!["explanation_spans"]!.AsArray().Count);

            double[] Details(string key) => [.. row["details"]![key]!.AsArray().Select(value => value!.GetValue<double>())];
        }
    }

    [Fact]
    public void RunTeacher_LearningRateOnlyMoves_PolicyNotStudentOrSource()
    {
        byte[] before = File.ReadAllBytes(Path.Combine(_run.Model, "model.safetensors"));
        using LanguageModel untouched = LanguageModel.Load(_run.Student, TinyDirectory.Device);
        _run.RunTeacher("a", _run.Teacher with { Steps = 1 }, studentAfter: student => Assert.All(
            student.Decoder.Parameters.Zip(untouched.Decoder.Parameters), pair => Assert.Equal(pair.Second.Value.data<float>().ToArray(), pair.First.Value.data<float>().ToArray())));
        Assert.Equal(before, File.ReadAllBytes(Path.Combine(_run.Model, "model.safetensors")));
        Assert.NotEqual(before, _run.Weights("a"));
    }

    [Fact]
    public void RunTeacher_SameSeedOtherBatching_SameTextsAndRewards()
    {
        _run.RunTeacher("a", _run.Teacher with { Steps = 1 });
        _run.RunTeacher("b", _run.Teacher with { Steps = 1 });
        _run.RunTeacher("c", _run.Teacher with { Steps = 1, SamplingRows = 1, MicroBatchTokens = 1, ScoringTokens = 1, Recompute = Recompute.False });
        Assert.Equal(_run.Weights("a"), _run.Weights("b"));
        Assert.Equal(Completions("a"), Completions("c"));
        JsonObject one = Metrics("a")[0], other = Metrics("c")[0];
        foreach (string key in new[] { "reward", "reward_std", "solution_score", "think_kl", "completion_tokens", "loss", "grad_norm" })
        {
            Assert.Equal(one[key]!.GetValue<double>(), other[key]!.GetValue<double>(), 1e-4);
        }
    }

    [Fact]
    public void RunTeacher_Metrics_HaveAllFieldsAndAgreeWithEachOther()
    {
        _run.RunTeacher("a", _run.Teacher with { Steps = 2 });
        JsonObject row = Metrics("a")[1];
        foreach (string key in new[]
        {
            "step", "reward", "reward_std", "solution_score", "solution_mean", "solution_min", "think_kl", "kl_mean", "kl_max", "match", "completion_tokens",
            "truncated", "empty", "zero_spread_groups", "sampler_difference", "kl_reference", "loss", "grad_norm", "learning_rate", "seconds_sample",
            "seconds_score", "seconds_reference", "seconds_backward", "seconds_optimizer", "step_seconds", "sample_tokens_per_second",
            "score_tokens_per_second", "backward_tokens_per_second", "live_tensors", "resident_mib", "peak_mib", "eta_seconds", "entropy", "reward_p10", "reward_p50",
            "reward_p90", "reward_min", "reward_max", "solution_score_std", "solution_score_p50", "think_kl_std", "think_kl_max", "completion_tokens_min", "completion_tokens_max",
        })
        {
            Assert.True(row.ContainsKey(key), key);
        }

        Assert.Equal(Value("reward"), Value("solution_score") - Value("think_kl") + Value("match"), 1e-5);
        Assert.InRange(Value("sampler_difference"), 0, 1e-4);
        Assert.True(Value("kl_reference") > 0);
        Assert.InRange(Value("completion_tokens"), 1, 6);
        Assert.Equal(0, Metrics("a")[0]["kl_reference"]!.GetValue<double>(), 1e-9);
        Assert.InRange(Value("entropy"), 0.01, Math.Log(1024));
        Assert.InRange(Value("reward"), Value("reward_min"), Value("reward_max"));
        Assert.InRange(Value("reward_p50"), Value("reward_p10"), Value("reward_p90"));
        Assert.Equal(0, Value("eta_seconds"));
        Assert.DoesNotContain(row, pair => pair.Key.StartsWith("clip_ratio", StringComparison.Ordinal));

        double Value(string key) => row[key]!.GetValue<double>();
    }

    [Fact]
    public void RunTeacher_NoBeta_NeedsNoReference()
    {
        _run.RunTeacher("a", _run.Teacher with { Steps = 2, Loss = new GrpoOptions { Beta = 0 } });
        Assert.All(Metrics("a"), row => Assert.False(row.ContainsKey("kl_reference")));
        Assert.False(File.Exists(Path.Combine(_run["a"], "checkpoints", "step-000001", "reference.safetensors")));
    }

    [Fact]
    public void RunTeacher_TwoIterations_LearnEachBatchAgainByTheSamplersOwnLogProbs()
    {
        TeacherConfig once = _run.Teacher with { Steps = 1, Optimizer = _run.Teacher.Optimizer with { LearningRate = 1e-3 } };
        _run.RunTeacher("once", once);
        _run.RunTeacher("twice", once with { Loss = new GrpoOptions { NumIterations = 2, ClipLow = 0.2, ClipHigh = 0.28 } });
        Assert.NotEqual(_run.Weights("once"), _run.Weights("twice"));
        JsonObject one = Metrics("once")[0], two = Metrics("twice")[0];
        Assert.Equal(one["reward"]!.GetValue<double>(), two["reward"]!.GetValue<double>());

        // The second pass has moved away; shares of tokens, of which the two bounds make up the whole.
        Assert.Equal(two["clip_ratio"]!.GetValue<double>(), two["clip_ratio_low"]!.GetValue<double>() + two["clip_ratio_high"]!.GetValue<double>(), 1e-12);

        // The guard compares with the policy that sampled, not with the one that the first pass made.
        Assert.InRange(two["sampler_difference"]!.GetValue<double>(), 0, 1e-4);
    }

    [Fact]
    public void RunTeacher_NoShuffle_SamplesComeInTheFilesOrder()
    {
        _run.RunTeacher("a", _run.Teacher with { Steps = 2, Shuffle = false, SamplesKept = 8 });
        string[] questions = [.. File.ReadAllLines(Path.Combine(_run["a"], "samples.jsonl")).Select(line => JsonNode.Parse(line)!["question"]!.GetValue<string>()).Distinct()];
        Assert.Equal(TrainingRun.Tasks.Select(task => task.Question), questions);
    }

    [Fact]
    public void RunTeacher_TwentySteps_NoTensorLeaks()
    {
        _run.RunTeacher("a", _run.Teacher with { Steps = 20, SaveEvery = 0 });
        long[] live = [.. Metrics("a").Select(row => row["live_tensors"]!.GetValue<long>())];
        Assert.Equal(20, live.Length);
        Assert.All(live.Skip(1), count => Assert.Equal(live[1], count));
    }

    [Fact]
    public void RunSft_ManySteps_NoTensorLeaks()
    {
        long before = TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        _run.RunSft("a", _run.Sft with { Steps = 10 });
        long[] live = [.. Metrics("a").Select(row => row["live_tensors"]!.GetValue<long>())];
        Assert.All(live.Skip(1), count => Assert.Equal(live[1], count));
        Assert.Equal(before, TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void RunSft_SaveEvery_KeepsTheNewestCheckpointsWhole()
    {
        RunFolder folder = _run.RunSft("a", _run.Sft with { Steps = 9, SaveEvery = 2 });
        Assert.Equal([6, 8], folder.CheckpointSteps());
        string[] files = [.. Directory.EnumerateFiles(folder.Checkpoint(8)).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];
        Assert.Equal(["SHA256SUMS", "config.json", "model.safetensors", "optimizer.safetensors", "tokenizer.json", "tokenizer_config.json", "trainer_state.json"], files);
    }

    [Fact]
    public void RunSft_HalfWrittenCheckpoint_IsPassedOver()
    {
        _run.RunSft("whole", _run.Sft with { SaveEvery = 2 });
        Assert.Throws<IOException>(() => _run.RunSft("parts", _run.Sft with { SaveEvery = 2 }, new RunWatcher(step => ThrowAt(step, 3))));
        string partial = Path.Combine(_run["parts"], "checkpoints", "step-000003.partial");
        Directory.CreateDirectory(partial);
        File.WriteAllText(Path.Combine(partial, "model.safetensors"), "cut off");
        var watcher = new RunWatcher();
        _run.RunSft("parts", _run.Sft with { SaveEvery = 2 }, watcher);
        Assert.Equal([(2, 4)], watcher.Starts);
        Assert.Equal(_run.Weights("whole"), _run.Weights("parts"));
    }

    private static void StopAt(int step, int at, CancellationTokenSource stop)
    {
        if (step == at)
        {
            stop.Cancel();
        }
    }

    private static void ThrowAt(int step, int at)
    {
        if (step == at)
        {
            throw new IOException("the disk is full");
        }
    }

    private string[] Completions(string name) => [.. Golden.Lines(Path.Combine(_run[name], "samples.jsonl")).Select(row => (string)row["completion"]!)];

    private JsonObject[] Metrics(string name) =>
        [.. File.ReadAllLines(Path.Combine(_run[name], "metrics.jsonl")).Select(line => JsonNode.Parse(line)!.AsObject())];
}
