using Rlt.Models;
using Rlt.Models.Adapters;
using Rlt.Models.Gradients;
using Rlt.Models.Layers;
using Rlt.Training.Optimization;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlt.Tests.Models.Adapters;

/// <summary>What adapters compute: nothing at first, the merged weights' result after it, with the gradients of their definition.</summary>
public sealed class DecoderAdapterTests : IDisposable
{
    // Sums of float32 in another order.
    private const double Tolerance = 1e-5;

    private static readonly LoraConfig Config = new() { Rank = 3, Alpha = 6 };

    private readonly long _liveBefore = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

    public static TheoryData<string> Families => TinyModel.Families;

    public static TheoryData<string> SmoothFamilies => TinyModel.FamiliesWithoutExperts;

    private static TokenSequence[] Sequences { get; } =
        [new TokenSequence(TinyModel.Ids(20), 5), new TokenSequence(TinyModel.Ids(33, 2), 1), new TokenSequence(TinyModel.Ids(2, 3), 1), new TokenSequence(TinyModel.Ids(28, 5), 27)];

    public void Dispose() => Assert.Equal(_liveBefore, DisposeScopeManager.Statistics.ThreadTotalLiveCount);

    [Theory]
    [MemberData(nameof(Families))]
    public void Attach_NewAdapters_ChangeNoBit(string family)
    {
        using Decoder model = TinyModel.Sharp(family);
        float[][] before = LogProbs(model);
        AdapterSet adapters = model.Attach(Config, seed: 5);
        Assert.Equal(2 * LoraLayout.ModulesOf(model.Config).Count, adapters.Parameters.Count);
        Assert.Equal(before, LogProbs(model));
    }

    [Fact]
    public void Attach_FirstWeights_AreUniformWithinTheBoundAndZeros()
    {
        using Decoder model = TinyModel.Sharp();
        model.Attach(Config with { Rank = 64 }, seed: 5);
        foreach (Parameter parameter in model.Adapters!.Parameters)
        {
            float[] values = parameter.Value.data<float>().ToArray();
            if (parameter.Name.EndsWith("lora_B.weight", StringComparison.Ordinal))
            {
                Assert.All(values, value => Assert.Equal(0, value));
                continue;
            }

            // Kaiming's bound for a = √5 is 1/√in; a uniform value's deviation is bound/√3.
            double bound = 1 / Math.Sqrt(parameter.Value.size(1));
            Assert.All(values, value => Assert.InRange(value, -bound, bound));
            Assert.InRange(Math.Sqrt(values.Average(value => (double)value * value)), 0.9 * bound / Math.Sqrt(3), 1.1 * bound / Math.Sqrt(3));
        }
    }

    [Fact]
    public void Attach_SameSeed_SameWeights()
    {
        Assert.Equal(First(5), First(5));
        Assert.NotEqual(First(5), First(6));

        static float[] First(long seed)
        {
            using Decoder model = TinyModel.Sharp();
            return model.Attach(Config, seed).Parameters[0].Value.data<float>().ToArray();
        }
    }

    [Fact]
    public void Attach_SomeModules_OnlyThoseInLayerOrder()
    {
        using Decoder model = TinyModel.Sharp();
        model.Attach(Config with { TargetModules = ["v_proj", "down_proj"] }, seed: 1);
        string[] modules = ["model.layers.0.self_attn.v_proj", "model.layers.0.mlp.down_proj", "model.layers.1.self_attn.v_proj", "model.layers.1.mlp.down_proj"];
        Assert.Equal(
            modules.SelectMany(module => new[] { $"base_model.model.{module}.lora_A.weight", $"base_model.model.{module}.lora_B.weight" }),
            model.Trained.Select(parameter => parameter.Name));
        Assert.Throws<InvalidOperationException>(() => model.Attach(Config, seed: 1));
    }

    [Fact]
    public void Apply_KnownWeights_IsTheFormulaByHand()
    {
        using var weight = new Parameter("model.layers.0.mlp.up_proj.weight", tensor([1f, 0f, 0f, 1f], [2, 2]));
        var linear = new Linear(weight, null);
        var set = new AdapterSet(LoraLayout.Of(new LoraConfig { Rank = 1, Alpha = 3 }, TinyModel.ConfigOf("qwen2")));
        set.AttachTo(linear);
        using var scope = NewDisposeScope();
        linear.Adapter!.A.Replace(tensor([1f, 2f], [1, 2]));
        linear.Adapter.B.Replace(tensor([1f, -1f], [2, 1]));

        // x = (1, 1): A x = 3, times alpha / r = 3 is 9, B gives (9, -9).
        Assert.Equal([10f, -8f], linear.Apply(new Variable(tensor([1f, 1f], [1, 2]))).Data.data<float>().ToArray());
        linear.Adapter.AddTo(weight);
        Assert.Equal([4f, 6f, -3f, -5f], weight.Value.data<float>().ToArray());
        set.Dispose();
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void WithoutAdapters_TrainedAdapters_IsTheBaseModel(string family)
    {
        using Decoder model = TinyModel.Sharp(family);
        float[][] before = LogProbs(model);
        Fill(model);
        Assert.NotEqual(before, LogProbs(model));
        using (Decoder baseModel = model.WithoutAdapters())
        {
            Assert.Same(model.Embedding, baseModel.Embedding);
            Assert.Equal(before, LogProbs(baseModel));
        }

        Assert.NotEqual(before, LogProbs(model));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Merged_TrainedAdapters_GivesTheirLogProbs(string family)
    {
        using Decoder model = TinyModel.Sharp(family);
        Fill(model);
        float[][] adapted = LogProbs(model);
        using Decoder merged = model.Merged();
        float[][] whole = LogProbs(merged);
        Assert.All(adapted.SelectMany(row => row).Zip(whole.SelectMany(row => row)), pair => Assert.Equal(pair.First, pair.Second, (family == "qwen3_5_text" ? 50 : 5) * Tolerance));
    }

    [Fact]
    public void Step_CachedDecoding_UsesTheAdapters()
    {
        using Decoder model = TinyModel.Sharp();
        Fill(model);
        int[] ids = TinyModel.Ids(9);
        using var scope = NewDisposeScope();
        using var cache = new SequenceCache(model.Config, 9, model.Dtype, model.Device);
        var row = new CachedRow();
        TinyModel.Hidden(model, ids[..8], cache, row);
        Tensor stepped_V = model.Step(tensor(new long[] { ids[8] }), cache, [row]).select(0, 0);
        Tensor whole_V = model.Logits(TinyModel.Hidden(model, ids).narrow(0, 8, 1)).flatten();
        Assert.True((stepped_V - whole_V).abs().max().item<float>() < 1e-4);
    }

    [Theory]
    [MemberData(nameof(SmoothFamilies))]
    public void Backward_Adapters_GradientsAreFiniteDifferences(string family)
    {
        using Decoder model = TinyModel.Sharp(family);
        foreach (Parameter parameter in model.Stored)
        {
            parameter.Replace(parameter.Value.to(ScalarType.Float64));
        }

        using var precise = new Decoder(model.Config, model.Stored);
        Fill(precise);
        using var gradients = new GradientStore(precise.Trained);
        MicroBatches.Backward(precise, gradients, Sequences, 0.7, 1000, keepGraphs: false, (logProbs_N, _) => logProbs_N.sum());
        foreach (Parameter parameter in precise.Trained.Where((_, i) => i % 5 < 2))
        {
            float[] gradient = gradients[parameter].data<float>().ToArray();
            int place = Array.IndexOf(gradient, gradient.MaxBy(Math.Abs));

            // Log-probabilities are float32, sums of some sixty of them; the step is large enough to show above their rounding.
            const double Step = 1e-3;
            double slope = (Moved(precise, parameter, place, Step) - Moved(precise, parameter, place, -Step)) / (2 * Step);
            Assert.True(Math.Abs(slope - gradient[place]) < (family == "gemma4_text" ? 0.05 : 0.02) * Math.Max(1, Math.Abs(slope)), $"{parameter.Name}[{place}]: slope {slope}, gradient {gradient[place]}");
            Assert.NotEqual(0, gradient[place]);
        }
    }

    [Fact]
    public void Backward_AnyMicroBatch_GivesTheSameGradients()
    {
        using Decoder model = TinyModel.Sharp();
        Fill(model);
        float[][] whole = Gradients(model, 100_000, keepGraphs: false, seed: 0);
        foreach (int tokens in new[] { 1, 40 })
        {
            float[][] cut = Gradients(model, tokens, keepGraphs: tokens == 1, seed: 7);
            Assert.All(whole.Zip(cut), pair =>
            {
                double scale = Math.Max(1, pair.First.Max(Math.Abs));
                Assert.All(pair.First.Zip(pair.Second), values => Assert.Equal(values.First, values.Second, Tolerance * scale));
            });
        }
    }

    [Fact]
    public void Backward_Dropout_SameWhenALayerIsComputedAgain()
    {
        using Decoder model = TinyModel.Sharp();
        Fill(model, Config with { Dropout = 0.3 });
        float[][] first = Gradients(model, 1000, keepGraphs: true, seed: 1);
        Assert.Equal(first, Gradients(model, 1000, keepGraphs: false, seed: 1));
        Assert.NotEqual(first, Gradients(model, 1000, keepGraphs: false, seed: 2));
    }

    [Fact]
    public void Dropout_OutsideTraining_IsOff()
    {
        using Decoder model = TinyModel.Sharp();
        Fill(model, Config with { Dropout = 0.5 });
        float[][] before = LogProbs(model);
        _ = Gradients(model, 1000, keepGraphs: false, seed: 1);
        Assert.Equal(before, LogProbs(model));
        using (model.Adapters!.Dropout(3))
        {
            Assert.NotEqual(before, LogProbs(model));
        }

        Assert.Equal(before, LogProbs(model));
    }

    [Fact]
    public void GradientStore_OfAdapters_LeavesTheBaseFrozen()
    {
        using Decoder model = TinyModel.Sharp();
        Fill(model);
        using var scope = NewDisposeScope();
        using var gradients = new GradientStore(model.Trained);
        MicroBatches.Backward(model, gradients, Sequences, 0.7, 1000, keepGraphs: false, (logProbs_N, _) => logProbs_N.sum());
        Assert.All(model.Parameters, parameter => Assert.False(gradients.Trains(parameter)));
        Assert.All(model.Trained, parameter => Assert.True(gradients[parameter].abs().max().item<float>() > 0, parameter.Name));
    }

    // Adapters as training leaves them: B is not zero.
    private static void Fill(Decoder model, LoraConfig? config = null)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        foreach (Parameter parameter in model.Attach(config ?? Config, seed: 5).Parameters)
        {
            parameter.Value.add_(randn(parameter.Value.shape).to(parameter.Value.dtype), 0.1);
        }
    }

    private static float[][] LogProbs(Decoder model) => SequenceScorer.LogProbs(model, Sequences, 0.7, 1000);

    private static double Moved(Decoder model, Parameter parameter, int place, double step)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        Tensor element = parameter.Value.view(-1).narrow(0, place, 1);
        element.add_(step);
        double sum = LogProbs(model).Sum(row => row.Sum(value => (double)value));
        element.add_(-step);
        return sum;
    }

    private static float[][] Gradients(Decoder model, int tokens, bool keepGraphs, long seed)
    {
        using var gradients = new GradientStore(model.Trained);
        MicroBatches.Backward(model, gradients, Sequences, 0.7, tokens, keepGraphs, (logProbs_N, _) => logProbs_N.sum() * 0.1, seed);
        return [.. model.Trained.Select(parameter => gradients[parameter].data<float>().ToArray())];
    }
}
