using Rlt.Generation;
using Rlt.Models;
using Rlt.Models.Gradients;
using Rlt.Models.Layers;
using Rlt.Planning;
using Rlt.Platform;
using Rlt.Training;
using Rlt.Training.OnPolicy;
using Rlt.Training.Optimization;
using static TorchSharp.torch;

namespace Rlt.Tests.Planning;

/// <summary>Runs alone in the process: everything that native code holds is measured.</summary>
[CollectionDefinition(nameof(MeasuredMemory), DisableParallelization = true)]
public sealed class MeasuredMemory;

/// <summary>What passes hold at their peak is what the plan says, within a tenth: tens of MiB, of which the process's own needs are a small part.</summary>
[Collection(nameof(MeasuredMemory))]
public sealed class MeasuredMemoryTests
{
    // Plain operators have more temporary tensors of their own.
    private static double Tolerance => Fused ? 0.1 : 0.15;

    // libtorch's own products of bf16 take minutes here on a processor without AVX-512: what float32 holds is looked at instead.
    private static ScalarType Narrow => Fused || ProcessorLevel.HasBf16 ? ScalarType.BFloat16 : ScalarType.Float32;

    [Theory]
    [InlineData("qwen2", true)]
    [InlineData("qwen2", false)]
    [InlineData("qwen3", true)]
    public void Scoring_PeakOfTensors_IsPlanned(string family, bool narrow)
    {
        using Decoder model = Model(family, narrow ? Narrow : ScalarType.Float32, 4096);
        TokenSequence[] sequences = Sequences(8, 257, 4096);
        AssertPlanned(
            PassMemory.Scoring(Size(model), PassShape.Of(8 * 256, 0, 257), Fused).Bytes,
            () => SequenceScorer.LogProbs(model, sequences, 1, int.MaxValue));
    }

    [Theory]
    [InlineData("qwen2", true)]
    [InlineData("qwen2", false)]
    [InlineData("qwen3", true)]
    public void Training_PeakOfTensors_IsPlannedWithAndWithoutGraphs(string family, bool narrow)
    {
        using Decoder model = Model(family, narrow ? Narrow : ScalarType.Float32, 4096);

        // Two micro-batches: in the second, all sums are there from its beginning.
        TokenSequence[] sequences = Sequences(16, 257, 4096);
        foreach (bool keepGraphs in new[] { false, true })
        {
            Workload work = Work(model, new TrainingLoad(8 * 256, keepGraphs), 257);
            AssertPlanned(StepBytes(work), () => SftStep(model, sequences, keepGraphs, 8 * 257));
        }
    }

    /// <summary>Other layers are planned by their widths: the plan is not less than a fifth below what is measured, nor more than twice as much.</summary>
    [Theory]
    [InlineData("mistral")]
    [InlineData("phi3")]
    [InlineData("gemma3_text")]
    [InlineData("qwen3_moe")]
    [InlineData("qwen3_5_text")]
    [InlineData("gpt_oss")]
    public void ScoringTrainingAndSampling_OtherFamilies_ArePlannedRoughly(string family)
    {
        using Decoder model = Model(family, ScalarType.Float32, 4096);
        TokenSequence[] sequences = Sequences(8, 257, 4096);
        AssertRoughly("scoring", PassMemory.Scoring(Size(model), PassShape.Of(8 * 256, 0, 257), Fused).Bytes, () => SequenceScorer.LogProbs(model, sequences, 1, int.MaxValue));
        foreach (bool keepGraphs in new[] { false, true })
        {
            AssertRoughly($"training {keepGraphs}", StepBytes(Work(model, new TrainingLoad(8 * 256, keepGraphs), 257)), () => SftStep(model, sequences, keepGraphs, 8 * 257));
        }

        var load = new SamplingLoad(Rows: 64, Group: 32, Prompt: 40, NewTokens: 160);
        SamplingRequest[] requests = [.. Enumerable.Range(0, 2).Select(i => new SamplingRequest(TinyModel.Ids(40, i, 4096), [.. Enumerable.Range(0, 32).Select(s => (ulong)s)]))];
        var engine = new SamplingEngine(model, null, new SamplingOptions { MaxNewTokens = 160, MaxRows = 64 });
        AssertRoughly("sampling", SamplingMemory.Of(Size(model), load, Fused).Bytes, () => engine.Run(requests));
    }

    private static void AssertRoughly(string what, long planned, Action work)
    {
        set_num_threads(1);
        work();
        double factor = LiveMemory.PeakOf(work) / (double)planned;
        Assert.True(factor is > 0.5 and < 1.35, $"{what}: {planned / 1e6:F1} MB planned, a factor of {factor:F3} of it measured");
    }

    [Fact]
    public void Sampling_PeakOfTensors_IsPlanned()
    {
        using Decoder model = Model("qwen2", Narrow, 4096);
        var load = new SamplingLoad(Rows: 64, Group: 32, Prompt: 40, NewTokens: 240);
        SamplingRequest[] requests = [.. Enumerable.Range(0, 2).Select(i => new SamplingRequest(TinyModel.Ids(40, i, 4096), [.. Enumerable.Range(0, 32).Select(s => (ulong)s)]))];
        var engine = new SamplingEngine(model, null, new SamplingOptions { MaxNewTokens = 240, MaxRows = 64 });
        AssertPlanned(SamplingMemory.Of(Size(model), load, Fused).Bytes, () => engine.Run(requests));
    }

    [Fact]
    public void ScoringAndTraining_LargeVocabulary_HoldOneChunkOfLogits()
    {
        const int vocabulary = 150_000, tokens = 16_384;
        using Decoder model = ModelFiles.Random(TinyModel.Config(vocabulary, 16, tied: true), 1, Narrow, CPU);
        TokenSequence[] sequences = Sequences(32, (tokens / 32) + 1, vocabulary);
        PassShape scored = PassShape.Of(tokens / 8, 0, (tokens / 32) + 1);
        AssertPlanned(PassMemory.Scoring(Size(model), scored, Fused).Bytes, () => SequenceScorer.LogProbs(model, sequences[..4], 1, int.MaxValue), warmUp: false);
        Workload work = Work(model, new TrainingLoad(tokens, KeepGraphs: false), (tokens / 32) + 1);
        AssertPlanned(StepBytes(work), () => SftStep(model, sequences, keepGraphs: false, int.MaxValue), warmUp: false);

        // All logits at once would be 4.9 GB in bf16; plain operators have two chunks of float32.
        Assert.InRange(StepBytes(work), 0, (Fused ? 400L : 800L) << 20);
    }

    [Fact]
    public void Distilling_LargeVocabulary_HoldsOneChunkOfBothModelsLogits()
    {
        const int vocabulary = 150_000, tokens = 1024;
        using Decoder student = ModelFiles.Random(TinyModel.Config(vocabulary, 16, tied: true), 1, ScalarType.Float32, CPU);
        using Decoder teacher = ModelFiles.Random(TinyModel.Config(vocabulary, 16, tied: true), 2, ScalarType.Float32, CPU);
        AlignedAnswer[] answers = [.. Sequences(8, (tokens / 8) + 1, vocabulary).Select(sequence => new AlignedAnswer(sequence, sequence, null))];
        Workload work = Work(student, new TrainingLoad(tokens, KeepGraphs: false), (tokens / 8) + 1) with { Teacher = Size(teacher), TeacherIsApart = false };
        AssertPlanned(
            StepBytes(work),
            () =>
            {
                using var gradients = new GradientStore(student.Parameters);
                new DistillationPass(student, teacher, null, new OnPolicyConfig { Temperature = 0.7 }, gradients) { TokenBudget = tokens, KeepGraphs = false }
                    .Backward(answers, [.. answers.Select(_ => 1e-3f)], 0, new PhaseClock());
            },
            warmUp: false);

        // The logits of both models would be 1.2 GB, what is computed of them 2.5 GB more.
        Assert.InRange(StepBytes(work), 0, 900L << 20);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(18)]
    [InlineData(100)]
    [InlineData(1000)]
    public void BlocksMade_AsTheCacheGrows_AreThoseOfTheCache(int blocks)
    {
        using var cache = new SequenceCache(TinyModel.ConfigOf("qwen2"), 1, ScalarType.Float32, CPU);
        var row = new CachedRow();
        while (cache.UsedBlocks < blocks)
        {
            cache.Extend([row], _ => 1);
        }

        Assert.Equal(cache.BlockCount, SamplingMemory.BlocksMade(blocks));
    }

    [Theory]
    [InlineData(64)]
    [InlineData(40_000)]
    [InlineData(2_000_000)]
    public void ChunkRows_AnyVocabulary_AreThoseOfTheHead(int vocabulary)
    {
        using Decoder model = ModelFiles.Random(TinyModel.Config(vocabulary, 16, tied: true), 1, ScalarType.BFloat16, CPU);
        Assert.Equal(LogProbHead.ChunkRows(model), PassMemory.ChunkRows(Size(model)));
    }

    private static bool Fused => TorchLibrary.HasCpuKernels;

    private static ModelSize Size(Decoder model) => new(model.Config, Precision.Bytes(model.Dtype)) { ActivationSize = Precision.Bytes(model.ActivationType) };

    private static Workload Work(Decoder model, TrainingLoad training, int longest) => new()
    {
        Model = Size(model),
        Fused = Fused,
        Training = training,
        LongestSequence = longest,
    };

    // A step without the weights, which are there before it, and without the optimizer.
    private static long StepBytes(Workload work) =>
        MemoryPlan.Of(work).Phases.First(phase => phase.Name == "backward").Parts.Where(part => part.Name is not ("weights" or "optimizer state")).Sum(part => part.Bytes);

    private static void SftStep(Decoder model, TokenSequence[] sequences, bool keepGraphs, int tokens)
    {
        using var gradients = new GradientStore(model.Parameters);
        MicroBatches.Backward(model, gradients, sequences, 1, tokens, keepGraphs, (logProbs_N, _) => logProbs_N.sum() * -1e-4);
    }

    private static void AssertPlanned(long planned, Action work, bool warmUp = true)
    {
        // One thread for the work, so that the watcher has another. A first run also compiles and fills caches, which counts little beside much.
        set_num_threads(1);
        if (warmUp)
        {
            work();
        }

        // On a busy machine the watcher can miss the peak, and in first runs the compiler's own memory is on top of it.
        long measured = 0;
        for (int run = 0; run < 6 && !IsClose(measured, planned); run++)
        {
            measured = LiveMemory.PeakOf(work);
        }

        Assert.True(
            IsClose(measured, planned),
            $"measured {measured / 1e6:F1} MB, planned {planned / 1e6:F1} MB: a factor of {(double)measured / planned:F3}");
    }

    private static bool IsClose(long measured, long planned) => Math.Abs(measured - planned) <= Tolerance * planned;

    private static string FieldsOf(string family) => family switch
    {
        "gemma3_text" => ", \"sliding_window\": 64, \"sliding_window_pattern\": 2",
        "mistral" or "phi3" => ", \"sliding_window\": 64",
        "qwen3_moe" => ", \"num_experts\": 8, \"num_experts_per_tok\": 2, \"moe_intermediate_size\": 384",
        "gpt_oss" => ", \"sliding_window\": 64, \"num_local_experts\": 4, \"num_experts_per_tok\": 2",
        "qwen3_5_text" => ", \"linear_num_key_heads\": 4, \"linear_num_value_heads\": 8, \"linear_key_head_dim\": 32, \"linear_value_head_dim\": 32",
        _ => ", \"hidden_act\": \"silu\"",
    };

    private static Decoder Model(string family, ScalarType dtype, int vocabulary) => ModelFiles.Random(ModelConfig.Parse($$"""
        {
          "model_type": "{{family}}", "hidden_size": 256, "num_hidden_layers": 3, "num_attention_heads": 8, "num_key_value_heads": 2,
          "head_dim": 32, "intermediate_size": 768, "vocab_size": {{vocabulary}}, "rms_norm_eps": 1e-6, "rope_theta": 10000.0,
          "max_position_embeddings": 4096, "tie_word_embeddings": true{{FieldsOf(family)}}
        }
        """), 1, dtype, CPU);

    private static TokenSequence[] Sequences(int count, int tokens, int vocabulary) =>
        [.. Enumerable.Range(0, count).Select(i => new TokenSequence(TinyModel.Ids(tokens, i + 1, vocabulary), 1))];
}
