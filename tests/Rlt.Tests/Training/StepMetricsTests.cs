using System.Text.Json.Nodes;
using Rlt.Models;
using Rlt.Statistics;
using Rlt.Training.Grpo;

namespace Rlt.Tests.Training;

/// <summary>The numbers of a step that are more than means, by hand.</summary>
public sealed class StepMetricsTests
{
    // NumPy: percentile([3, 1, 2, 10], [0, 10, 50, 90, 100]) = 1, 1.3, 2.5, 7.9, 10.
    [Fact]
    public void Distribution_Values_HasNumPysPercentiles()
    {
        var metrics = new JsonObject();
        Distribution.AddTo(metrics, "x", [3, 1, 2, 10]);
        foreach ((string key, double expected) in new[] { ("x_min", 1), ("x_p10", 1.3), ("x_p50", 2.5), ("x_p90", 7.9), ("x_max", 10) })
        {
            Assert.Equal(expected, metrics[key]!.GetValue<double>(), 1e-12);
        }

        Assert.Equal(7, Quantile.Of([7], 0.9));
    }

    [Theory]
    [InlineData(RatioLevel.Token, 2 / 7.0, 1 / 7.0)]
    [InlineData(RatioLevel.Sequence, 4 / 7.0, 0)]
    public void ClipRatio_Sequences_CountsWhatTheClippedBranchReplaces(RatioLevel level, double low, double high)
    {
        var ratio = new ClipRatio(new GrpoOptions { UpdatesPerBatch = 2, ClipLow = 0.2, ClipHigh = 0.28, Ratio = level });

        // Ratios 0.5, 0.5, 0.9, 1 of a bad sequence: the lower bound cuts two; their geometric mean, 0.69, all four.
        ratio.Count([Log(0.5), Log(0.5), Log(0.9), 0], [0, 0, 0, 0], advantage: -1);

        // Ratios 0.5, 1.5, 1.2 of a good one: the upper bound cuts one, and 0.5 is free to rise; their geometric mean, 0.97, is free.
        ratio.Count([Log(0.5) - 3, Log(1.5) - 3, Log(1.2) - 3], [-3, -3, -3], advantage: 2);
        var metrics = new JsonObject();
        ratio.AddTo(metrics);
        Assert.Equal((low, high), (metrics["clip_ratio_low"]!.GetValue<double>(), metrics["clip_ratio_high"]!.GetValue<double>()));
        Assert.Equal(low + high, metrics["clip_ratio"]!.GetValue<double>(), 1e-12);

        static float Log(double value) => (float)Math.Log(value);
    }

    [Theory]
    [InlineData(0, new int[0])]
    [InlineData(1, new[] { 2 })]
    [InlineData(2, new[] { 2, 1 })]
    [InlineData(3, new[] { 2, 0, 1 })]
    [InlineData(4, new[] { 2, 3, 0, 1 })]
    [InlineData(6, new[] { 2, 3, 0, 1, 4, 7 })]
    [InlineData(99, new[] { 2, 3, 0, 1, 4, 5, 6, 7 })]
    public void KeptSamples_FirstQuestionsBestToWorst(int kept, int[] expected) => Assert.Equal(expected, KeptSamples.Of([1, 0, 3, 2, 9, 8, 7, 6], 4, kept));

    [Fact]
    public void MeanEntropy_Sequences_IsTheMeanOverTheirScoredTokens()
    {
        using Decoder model = TinyModel.Create();
        TokenSequence[] sequences = [new(TinyModel.Ids(12), 5), new(TinyModel.Ids(20, 2), 18), new(TinyModel.Ids(4, 3), 4)];
        double sum = 0;
        foreach (TokenSequence sequence in sequences.Where(sequence => sequence.ScoredCount > 0))
        {
            // Of every token of the vocabulary, log p at each scored place: −Σ p log p.
            foreach (int place in Enumerable.Range(sequence.From, sequence.ScoredCount))
            {
                TokenSequence[] each = [.. Enumerable.Range(0, model.Config.VocabularySize).Select(id => new TokenSequence([.. sequence.Ids[..place], id], place))];
                sum -= SequenceScorer.LogProbs(model, each, 0.7, 4096).Sum(logProb => Math.Exp(logProb[0]) * logProb[0]);
            }
        }

        Assert.Equal(sum / 9, SequenceScorer.MeanEntropy(model, sequences, 0.7, 16), 1e-4);
        Assert.Equal(0, SequenceScorer.MeanEntropy(model, [], 0.7, 16));
    }
}
