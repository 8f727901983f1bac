using Rlt.Configuration;
using Rlt.Models;
using Rlt.Training.Grpo;
using static TorchSharp.torch;

namespace Rlt.Tests.Training;

/// <summary>The choices of GRPO's loss against numbers worked out by hand.</summary>
public sealed class GrpoOptionTests
{
    // Two sequences: the first has two tokens, the second three.
    private static readonly float[] Old = [-1f, -2f, -0.5f, -1.5f, -1f];
    private static readonly float[] Now = [-0.5f, -2f, -0.5f, -2f, -1.3f];
    private static readonly float[] Advantages = [2f, 2f, -1f, -1f, -1f];
    private static readonly long[] Rows = [0, 0, 1, 1, 1];
    private static readonly TokenSequence[] Sequences = [new([1, 2, 3], 1), new([1, 2, 3, 4], 1)];

    [Theory]
    [InlineData(LossAggregation.Sequence, 0.25, 1.0 / 6)]
    [InlineData(LossAggregation.Token, 0.2, 0.2)]
    [InlineData(LossAggregation.Constant, 0.05, 0.05)]
    public void TokenWeights_EachAggregation_AreHandComputed(LossAggregation aggregation, double first, double second)
    {
        float[] weights = TokenWeights.Of(Sequences, [true, true], aggregation, tokenLimit: 10);
        Assert.Equal(first, weights[0], 1e-7);
        Assert.Equal(second, weights[1], 1e-7);
    }

    [Fact]
    public void TokenWeights_SequenceThatDoesNotCount_LeavesTheDenominatorsToTheOthers()
    {
        Assert.Equal([0f, 1f / 3], TokenWeights.Of(Sequences, [false, true], LossAggregation.Sequence, 10));
        Assert.Equal([0f, 1f / 3], TokenWeights.Of(Sequences, [false, true], LossAggregation.Token, 10));
        Assert.Equal([0f, 0f], TokenWeights.Of(Sequences, [false, false], LossAggregation.Token, 10));
    }

    [Fact]
    public void Compute_ClipHigher_StopsTheGainAboveItsBoundOnly()
    {
        // Token 1: ratio e^0.5 = 1.65 with A = 2, clipped to 1.28. Token 4: e^-0.5 = 0.61 with A = -1: min(-0.61, -0.8) = -0.8.
        // Token 5: e^-0.3 = 0.74 with A = -1: min(-0.74, -0.8) = -0.8. Tokens 2 and 3 have ratio 1.
        using var scope = NewDisposeScope();
        var options = new GrpoOptions { Beta = 0, ClipLow = 0.2, ClipHigh = 0.28, UpdatesPerBatch = 2 };
        double expected = -((1.28 * 2) + 2 - 1 - 0.8 - 0.8) / 5;
        Assert.Equal(expected, Loss(tensor(Now), options).item<float>(), 1e-6);
    }

    [Fact]
    public void Compute_ClippedToken_HasNoGradient()
    {
        using var scope = NewDisposeScope();
        Tensor leaf_N = tensor(Now).requires_grad_();
        Loss(leaf_N, new GrpoOptions { Beta = 0, ClipLow = 0.2, ClipHigh = 0.28, UpdatesPerBatch = 2 }).backward();
        float[] gradient = leaf_N.grad!.data<float>().ToArray();
        Assert.Equal([0f, -0.4f, 0.2f, 0f, 0f], gradient.Select(value => MathF.Round(value, 6)));
    }

    [Fact]
    public void Ratio_Sequence_IsTheGeometricMeanOfItsTokens()
    {
        using var scope = NewDisposeScope();
        float[] ratio = GrpoLoss.Ratio(tensor(Now), Tokens(), RatioLevel.Sequence).data<float>().ToArray();
        float first = MathF.Exp(0.25f);
        float second = MathF.Exp(-0.8f / 3);
        Assert.All(ratio.Zip([first, first, second, second, second]), pair => Assert.Equal(pair.Second, pair.First, 1e-6));
    }

    [Theory]
    [InlineData(RatioLevel.Token)]
    [InlineData(RatioLevel.Sequence)]
    public void Compute_AnyRatio_GradientAgreesWithFiniteDifferences(RatioLevel ratio)
    {
        using var scope = NewDisposeScope();
        var options = new GrpoOptions { Beta = 0.1, Ratio = ratio, ClipLow = 0.9, ClipHigh = 3, UpdatesPerBatch = 2 };
        Tensor leaf_N = tensor(Now).to(ScalarType.Float64).requires_grad_();
        Loss(leaf_N, options).backward();
        double[] gradient = leaf_N.grad!.data<double>().ToArray();
        for (int i = 0; i < Now.Length; i++)
        {
            Assert.Equal((Moved(i, 1e-6) - Moved(i, -1e-6)) / 2e-6, gradient[i], 1e-5);
        }

        double Moved(int index, double by)
        {
            double[] values = [.. Now.Select((value, i) => value + (i == index ? by : 0))];
            return Loss(tensor(values), options).to(ScalarType.Float64).item<double>();
        }
    }

    [Fact]
    public void GroupAdvantage_WithoutStd_IsCentredOnly() =>
        Assert.Equal([-1.5f, -0.5f, 0.5f, 1.5f], GroupAdvantage.From([1, 2, 3, 4], 4, normalizeByStd: false));

    [Theory]
    [InlineData("updates_per_batch=2", "without clipping, which lets the policy run away")]
    [InlineData("num_iterations=3", "num_iterations is 3 without clipping")]
    [InlineData("num_iterations=0", "expected 1 or more")]
    [InlineData("clip_high=0.28", "does nothing with one update a batch")]
    [InlineData("clip_low=1.5", "expected 0 (no clipping) to below 1")]
    [InlineData("beta=-1", "expected 0 or more")]
    public void Problems_ChoicesThatDoNotFit_AreNamed(string setting, string message)
    {
        var error = Assert.Throws<ConfigException>(() => ConfigLoader.Load<GrpoOptions>(null, [setting]));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void UpdateOrder_SeveralUpdatesAndIterations_AreWholeGroupsAndEverySampleOnceAnIteration()
    {
        int[][] updates = [.. UpdateOrder.Of(groups: 3, groupSize: 2, updates: 2, iterations: 2)];
        Assert.Equal([[0, 1], [2, 3, 4, 5], [0, 1], [2, 3, 4, 5]], updates);
        Assert.Equal([[0, 1], [0, 1]], UpdateOrder.Of(groups: 1, groupSize: 2, updates: 3, iterations: 2));
    }

    private static Tensor Loss(Tensor logProbs_N, GrpoOptions options) => GrpoLoss.Compute(logProbs_N, Tokens(), options);

    private static GrpoTokens Tokens()
    {
        Tensor weights_N = full([5], 0.2);
        return new GrpoTokens(tensor(Advantages), weights_N, tensor(Rows), tensor(Old), tensor(Old));
    }
}
