using System.Text.Json.Nodes;
using Rlt.Models;
using Rlt.Models.Gradients;
using Rlt.Models.Safetensors;
using Rlt.Teaching;
using Rlt.Training.Optimization;
using Rlt.Training.Sft;
using static TorchSharp.torch;

namespace Rlt.Tests.Training;

/// <summary>Traces weighted by their rewards: the weights by hand, and what they do to a run.</summary>
public sealed class TraceWeightsTests : IDisposable
{
    // Two sums in float32 of the same numbers in another order.
    private const double SumRounding = 1e-5;

    private readonly TrainingRun _run = new();

    public void Dispose() => _run.Dispose();

    // e^(-1/2) = 0.60653 and e^(-2/2) = 0.36788 beside 1: shares 0.50648, 0.30720 and 0.18632 of three.
    [Fact]
    public void Of_TracesOfAQuestion_AreTheirSoftmaxTimesTheirNumber()
    {
        float[] weights = TraceWeights.Of([Row("a", 1), Row("b", 7), Row("a", 2), Row("a", 0)], temperature: 2);
        Assert.Equal([0.92159, 1, 1.51944, 0.55897], weights.Select(weight => Math.Round(weight, 5)));
    }

    [Fact]
    public void Of_LowAndHighTemperatures_LearnTheBestAloneAndAllAlike()
    {
        SftRow[] rows = [Row("a", 1), Row("a", 3), Row("a", 2)];
        Assert.Equal([0f, 3, 0], TraceWeights.Of(rows, 1e-3));
        Assert.All(TraceWeights.Of(rows, 1e6), weight => Assert.Equal(1, weight, 1e-5));
    }

    [Fact]
    public void Of_ARowWithoutReward_NamesIt() => Assert.Equal(
        "f:2: no 'reward' to weigh the row by (weights: reward); expected a number, as rlt score writes it, and rlt collect with a student.",
        Assert.Throws<DataException>(() => TraceWeights.Of([Row("a", 1), Row("a", null)], 1)).Message);

    [Fact]
    public void Of_OneTraceAQuestion_SaysThatWeightsTellNothingApart() => Assert.Equal(
        "f:2: weights: reward tells the traces of a question apart, and each of the 2 questions has one; "
            + "expected several, as rlt collect with samples: 4 and keep: all writes them.",
        Assert.Throws<DataException>(() => TraceWeights.Of([Row("a", 1), Row("b", 1)], 1)).Message);

    [Fact]
    public void RunSft_WeightsOfOne_AreTheSameRunBitForBit()
    {
        _run.RunSft("plain", _run.Sft);
        _run.RunSft("ones", _run.Sft, weights: [1, 1, 1]);
        _run.RunSft("others", _run.Sft, weights: [1, 1.5f, 0.5f]);
        Assert.Equal(_run.Weights("plain"), _run.Weights("ones"));
        Assert.Equal(_run.Metrics("plain"), _run.Metrics("ones"));
        Assert.NotEqual(_run.Weights("plain"), _run.Weights("others"));
    }

    // The first moment after one step is (1 - beta1) times the gradient.
    [Theory]
    [InlineData(1000)]
    [InlineData(16)]
    public void RunSft_Weights_TheGradientIsTheWeightedSumOverTheTargets(int microBatchTokens)
    {
        float[] weights = [0.25f, 0, 2.75f];
        SftConfig config = _run.Sft with { BatchSize = 3, Steps = 2, MicroBatchTokens = microBatchTokens, Optimizer = _run.Sft.Optimizer with { MaxGradNorm = 0 } };
        _run.RunSft("weighted", config, weights: weights);
        using var stored = SafetensorsFile.Open(Path.Combine(_run["weighted"], "checkpoints", "step-000001", "optimizer.safetensors"));
        using LanguageModel model = LanguageModel.LoadToTrain(_run.Model, TinyDirectory.Device, null, 0);
        using var expected = new GradientStore(model.Decoder.Trained);
        double loss = 0;
        int targets = TrainingRun.Examples.Sum(example => example.ScoredCount);
        foreach ((TokenSequence example, float weight) in TrainingRun.Examples.Zip(weights))
        {
            loss += MicroBatches.Backward(
                model.Decoder, expected, [example], 1, 1000, keepGraphs: true, (logProbs_N, _) => logProbs_N.sum() * (-(double)weight / targets)).Loss;
        }

        Assert.Equal(loss, RunRowsOf("weighted")[0]["loss"]!.GetValue<double>(), SumRounding * Math.Abs(loss));
        Assert.All(expected.Parameters, parameter =>
        {
            using Tensor moment = TensorBytes.Read(stored, stored.Entries[$"exp_avg.{parameter.Name}"], ScalarType.Float32, CPU);
            double most = (moment - (expected[parameter] * 0.1)).abs().max().item<float>();
            Assert.True(most <= SumRounding * moment.abs().max().item<float>(), $"{parameter.Name}: {most}");
        });
    }

    private JsonObject[] RunRowsOf(string name) =>
        [.. File.ReadAllLines(Path.Combine(_run[name], "metrics.jsonl")).Select(line => JsonNode.Parse(line)!.AsObject())];

    private static SftRow Row(string question, double? reward) => new(new TeachingTask(question, "5") { Reward = reward, Place = "f:2" }, null);
}
