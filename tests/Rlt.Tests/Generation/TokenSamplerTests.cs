using Rlt.Generation;
using Rlt.Statistics;
using static TorchSharp.torch;

namespace Rlt.Tests.Generation;

/// <summary>Drawn tokens against the distribution they are to follow, by chi-square with fixed numbers.</summary>
public sealed class TokenSamplerTests
{
    private const int Draws = 20_000;

    // The largest float below 1 that a stream gives.
    private const float Last = 1f - (1f / (1 << 24));

    private static readonly double[] Skewed = [0.05, 0.4, 0.2, 0.01, 0.14, 0.1, 0.07, 0.03];

    [Fact]
    public void Draw_UniformLogits_EveryTokenEquallyOften() => AssertFollows([.. Enumerable.Repeat(1.0 / 16, 16)], Draw([.. new float[16]], new SamplingOptions()));

    [Fact]
    public void Draw_SkewedLogits_FollowTheirSoftmax() => AssertFollows(Skewed, Draw(Logits(Skewed), new SamplingOptions()));

    [Theory]
    [InlineData(0.5)]
    [InlineData(2.0)]
    public void Draw_Temperature_SharpensOrFlattens(double temperature)
    {
        double[] powered = [.. Skewed.Select(p => Math.Pow(p, 1 / temperature))];
        AssertFollows([.. powered.Select(p => p / powered.Sum())], Draw(Logits(Skewed), new SamplingOptions { Temperature = temperature }));
    }

    [Fact]
    public void Draw_TopK_KeepsTheLikeliestRenormalised() =>
        AssertFollows([0, 0.4 / 0.74, 0.2 / 0.74, 0, 0.14 / 0.74, 0, 0, 0], Draw(Logits(Skewed), new SamplingOptions { TopK = 3 }));

    [Fact]
    public void Draw_TopP_KeepsTheFewestThatReachIt()
    {
        // 0.4 and 0.2 have less than 0.65 together, with 0.14 more: three stay.
        AssertFollows([0, 0.4 / 0.74, 0.2 / 0.74, 0, 0.14 / 0.74, 0, 0, 0], Draw(Logits(Skewed), new SamplingOptions { TopP = 0.65 }));
    }

    [Fact]
    public void Draw_TinyTopP_KeepsTheLikeliest() =>
        Assert.All(Draw(Logits(Skewed), new SamplingOptions { TopP = 1e-6 }), id => Assert.Equal(1, id));

    [Fact]
    public void Draw_TopKThenTopP_TopPCountsWhatTopKLeft()
    {
        // Of the three that stay, 0.4/0.74 = 0.54 alone reaches 0.5.
        Assert.All(Draw(Logits(Skewed), new SamplingOptions { TopK = 3, TopP = 0.5 }), id => Assert.Equal(1, id));
    }

    [Theory]
    [InlineData(0f, 2, 1)]
    [InlineData(Last, 2, 2)]
    [InlineData(0f, 0, 0)]
    [InlineData(Last, 0, 7)]
    public void Draw_EndsOfTheUnitInterval_NeverLeaveTheSupport(float uniform, int topK, int expected)
    {
        using var scope = NewDisposeScope();
        (int[] ids, _) = TokenSampler.Draw(tensor(Logits(Skewed), [1, 8]), [uniform], new SamplingOptions { TopK = topK });
        Assert.Equal([expected], ids);
    }

    [Fact]
    public void Draw_Greedy_TakesTheLikeliestAtItsPlainLogProbability()
    {
        using var scope = NewDisposeScope();
        Tensor logits_BV = tensor([.. Logits([0.1, 0.7, 0.2]), .. Logits([0.5, 0.2, 0.3])], [2, 3]);
        (int[] ids, float[] logProbs) = TokenSampler.Draw(logits_BV, [0.99f, 0.99f], new SamplingOptions { Temperature = 0 });
        Assert.Equal([1, 0], ids);
        Assert.Equal(Math.Log(0.7), logProbs[0], 1e-6);
        Assert.Equal(Math.Log(0.5), logProbs[1], 1e-6);
    }

    [Fact]
    public void Draw_Filters_LogProbabilitiesAreOfTheWholeVocabularyAtTheTemperature()
    {
        using var scope = NewDisposeScope();
        Tensor logits_BV = tensor(Logits(Skewed), [1, 8]);
        (int[] ids, float[] logProbs) = TokenSampler.Draw(logits_BV, [0.5f], new SamplingOptions { Temperature = 0.7, TopK = 2, TopP = 0.9 });
        double[] powered = [.. Skewed.Select(p => Math.Pow(p, 1 / 0.7))];
        Assert.Equal(Math.Log(powered[ids[0]] / powered.Sum()), logProbs[0], 1e-5);
    }

    [Fact]
    public void Draw_BFloat16Logits_AreDrawnInFloat32()
    {
        using var scope = NewDisposeScope();
        (int[] ids, float[] logProbs) = TokenSampler.Draw(tensor([0f, 2f], [1, 2]).to(ScalarType.BFloat16), [0.5f], new SamplingOptions());
        Assert.Equal([1], ids);
        Assert.Equal(-Math.Log(1 + Math.Exp(-2)), logProbs[0], 1e-6);
    }

    private static float[] Logits(double[] probabilities) => [.. probabilities.Select(p => (float)Math.Log(p) + 3)];

    private static int[] Draw(float[] logits, SamplingOptions options)
    {
        using var scope = NewDisposeScope();
        ulong key = RandomStream.Key(42);
        float[] uniforms = [.. Enumerable.Range(0, Draws).Select(i => RandomStream.Uniform(key, i))];
        return TokenSampler.Draw(tensor(logits, [1, logits.Length]).expand(Draws, logits.Length), uniforms, options).Ids;
    }

    private static void AssertFollows(double[] probabilities, int[] drawn)
    {
        ChiSquare.AssertFollows(probabilities, [.. Enumerable.Range(0, probabilities.Length).Select(id => drawn.Count(other => other == id))]);
    }
}
