using Rlt.Generation;
using Rlt.Models;
using Rlt.Models.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlt.Tests.Models;

/// <summary>One result by several ways: cached and whole, padded and alone, in blocks and at once.</summary>
public sealed class DecoderTests : IDisposable
{
    private const double Tolerance = 1e-4;

    private readonly long _liveBefore = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

    public static TheoryData<string> Families => TinyModel.Families;

    public void Dispose() => Assert.Equal(_liveBefore, DisposeScopeManager.Statistics.ThreadTotalLiveCount);

    [Theory]
    [MemberData(nameof(Families))]
    public void Step_RowsOfDifferentLengths_EqualsTheWholePass(string family)
    {
        using Decoder model = TinyModel.Sharp(family);
        int[][] rows = [TinyModel.Ids(80, 1), TinyModel.Ids(80, 2)];
        int[] prompts = [5, 33];
        using var scope = NewDisposeScope();
        using var cache = new SequenceCache(model.Config, 8, model.Dtype, model.Device);
        CachedRow[] cached = [new(), new()];
        for (int i = 0; i < 2; i++)
        {
            TinyModel.Hidden(model, rows[i][..prompts[i]], cache, cached[i]);
        }

        for (int step = 0; step < 35; step++)
        {
            int[] positions = [.. prompts.Select(prompt => prompt + step)];
            Tensor logits_BV = model.Step(tensor(rows.Select((row, i) => (long)row[positions[i]]).ToArray()), cache, cached);
            for (int i = 0; i < 2; i++)
            {
                AssertClose(Whole(model, rows[i][..(positions[i] + 1)]), logits_BV.select(0, i), Tolerance);
            }
        }
    }

    [Fact]
    public void Step_ForkedRows_GoOnFromTheSharedBeginning()
    {
        using Decoder model = TinyModel.Sharp();
        using var scope = NewDisposeScope();
        using var cache = new SequenceCache(model.Config, 8, model.Dtype, model.Device);
        int[] prompt = TinyModel.Ids(70);
        var first = new CachedRow();
        TinyModel.Hidden(model, prompt, cache, first);
        CachedRow[] forks = cache.Fork(first, 3);

        // Two full blocks of 32 positions are shared; the third block is each row's own.
        Assert.Equal(2 + 1 + 3, cache.UsedBlocks);
        cache.Close(first);
        Assert.Equal(2 + 3, cache.UsedBlocks);
        int[][] continuations = [TinyModel.Ids(40, 2), TinyModel.Ids(40, 3), TinyModel.Ids(40, 4)];
        for (int step = 0; step < 40; step++)
        {
            Tensor logits_BV = model.Step(tensor(continuations.Select(ids => (long)ids[step]).ToArray()), cache, forks);
            for (int i = 0; i < 3 && step % 13 == 0; i++)
            {
                AssertClose(Whole(model, [.. prompt, .. continuations[i][..(step + 1)]]), logits_BV.select(0, i), Tolerance);
            }
        }

        Array.ForEach(forks, cache.Close);
        Assert.Equal(0, cache.UsedBlocks);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void LogProbs_SharedContext_AreThoseOfEachSequenceAlone(string family)
    {
        using Decoder model = TinyModel.Sharp(family);
        int[] context = TinyModel.Ids(37);
        TokenSequence[] sequences =
        [
            .. new[] { 12, 1, 30 }.Select((length, i) => new TokenSequence([.. context, .. TinyModel.Ids(length, i + 2)], 37)),
            new TokenSequence(TinyModel.Ids(20, 9), 3), new TokenSequence(context, 37),
        ];
        using (var batch = new PackedBatch(sequences, CPU))
        {
            // 37 shared rows, then 11, 0 and 29; and 19 of the other context.
            Assert.Equal(37 + 11 + 29 + 19, batch.Layout.RowCount);
        }

        float[][] together = SequenceScorer.LogProbs(model, sequences, 0.7, 1000);
        for (int i = 0; i < sequences.Length; i++)
        {
            float[] alone = SequenceScorer.LogProbs(model, [sequences[i]], 0.7, 1000)[0];
            Assert.Equal(sequences[i].ScoredCount, together[i].Length);
            Assert.All(alone.Zip(together[i]), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        }
    }

    /// <summary>float64 goes through libtorch's plain operators, as a GPU does; float32 through the fused kernels.</summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void PlainOperators_InFloat64_GiveTheKernelsLogProbsAndSteps(string family)
    {
        using Decoder fused = TinyModel.Sharp(family);
        using Decoder plain = TinyModel.Sharp(family, ScalarType.Float64);
        int[] context = TinyModel.Ids(37);
        TokenSequence[] sequences = [new([.. context, .. TinyModel.Ids(20, 2)], 37), new([.. context, .. TinyModel.Ids(9, 3)], 37), new(TinyModel.Ids(50, 4), 1)];
        float[][] expected = SequenceScorer.LogProbs(plain, sequences, 0.7, 1000);
        float[][] actual = SequenceScorer.LogProbs(fused, sequences, 0.7, 1000);
        double tolerance = family == "qwen3_5_text" ? 5e-4 : 1e-4;
        Assert.All(expected.SelectMany(row => row).Zip(actual.SelectMany(row => row)), pair => Assert.Equal(pair.First, pair.Second, tolerance));

        var options = new SamplingOptions { Temperature = 0, MaxNewTokens = 60 };
        SamplingRequest[] requests = [new(context, [1, 2]), new(TinyModel.Ids(40, 5), [3])];
        Sample[][] ofPlain = new SamplingEngine(plain, null, options).Run(requests), ofFused = new SamplingEngine(fused, null, options).Run(requests);
        Assert.Equal(ofPlain.SelectMany(samples => samples).Select(sample => sample.Ids), ofFused.SelectMany(samples => samples).Select(sample => sample.Ids));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void LogProbs_PaddedBesideLongerRows_AreThoseOfTheRowAlone(string family)
    {
        using Decoder model = TinyModel.Sharp(family);
        TokenSequence[] sequences = [.. new[] { 4, 40, 17, 2, 33, 1 }.Select((length, i) => new TokenSequence(TinyModel.Ids(length, i + 1), 1))];
        float[][] together = SequenceScorer.LogProbs(model, sequences, 0.7, 100_000);
        float[][] packed = SequenceScorer.LogProbs(model, sequences, 0.7, 70);
        for (int i = 0; i < sequences.Length; i++)
        {
            float[] alone = SequenceScorer.LogProbs(model, [sequences[i]], 0.7, 1)[0];
            Assert.Equal(sequences[i].Ids.Length - 1, alone.Length);
            Assert.All(alone.Zip(together[i]), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
            Assert.All(alone.Zip(packed[i]), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        }
    }

    [Fact]
    public void LogProbs_OfAllTokens_AreProbabilities()
    {
        using Decoder model = TinyModel.Sharp();
        int[] context = TinyModel.Ids(6);
        TokenSequence[] next = [.. Enumerable.Range(0, 64).Select(id => new TokenSequence([.. context, id], 6))];
        Assert.Equal(1, SequenceScorer.LogProbs(model, next, 0.7, 1000).Sum(row => Math.Exp(row[0])), 1e-5);
    }

    [Theory]
    [InlineData(512)]
    [InlineData(513)]
    [InlineData(1100)]
    public void Causal_LongerThanABlock_EqualsAttentionWrittenOut(int length)
    {
        using var scope = NewDisposeScope();
        manual_seed(5);
        Tensor q_BHTE = randn([2, 4, length, 8]) * 2;
        Tensor k_BKTE = randn([2, 2, length, 8]) * 2;
        Tensor v_BKTE = randn([2, 2, length, 8]);
        Tensor actual_BHTE = Attention.Causal(new AttentionRule(1 / Math.Sqrt(q_BHTE.size(-1))), q_BHTE, k_BKTE, v_BKTE);
        Assert.Equal([2, 4, length, 8], actual_BHTE.shape);
        float[] q = q_BHTE.data<float>().ToArray(), k = k_BKTE.data<float>().ToArray(), v = v_BKTE.data<float>().ToArray(), actual = actual_BHTE.contiguous().data<float>().ToArray();
        foreach (int t in new[] { 0, 1, 255, 511, 512, 600, 1023, 1024, length - 1 }.Where(t => t < length))
        {
            for (int head = 0; head < 8; head++)
            {
                // Heads of a batch row: 4 of queries, 2 of keys, each key head for two neighbouring query heads.
                int keyHead = (head / 4 * 2) + (head % 4 / 2);
                double[] expected = Attend(q.AsSpan(((head * length) + t) * 8, 8), k.AsSpan(keyHead * length * 8, (t + 1) * 8), v.AsSpan(keyHead * length * 8, (t + 1) * 8));
                for (int e = 0; e < 8; e++)
                {
                    Assert.Equal(expected[e], actual[(((head * length) + t) * 8) + e], 1e-5);
                }
            }
        }
    }

    [Fact]
    public void Hidden_LongerThanABlock_LastTokenEqualsCachedDecoding()
    {
        using Decoder model = TinyModel.Sharp("llama");
        int[] ids = TinyModel.Ids(1030);
        using var scope = NewDisposeScope();
        using var cache = new SequenceCache(model.Config, 1, model.Dtype, model.Device);
        var row = new CachedRow();
        for (int t = 0; t < ids.Length; t++)
        {
            using var stepScope = NewDisposeScope();
            Tensor logits_V = model.Step(tensor(new long[] { ids[t] }), cache, [row]).select(0, 0);
            if (t is 511 or 512 or 1024 or 1029)
            {
                AssertClose(Whole(model, ids[..(t + 1)]), logits_V, Tolerance);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Hidden_LaterTokens_DoNotChangeEarlierOnes(string family)
    {
        using Decoder model = TinyModel.Sharp(family);
        using var scope = NewDisposeScope();
        int[] ids = TinyModel.Ids(20);
        Tensor one = TinyModel.Hidden(model, ids).narrow(0, 0, 12);
        Tensor other = TinyModel.Hidden(model, [.. ids.Select((id, i) => i < 12 ? id : 63 - id)]).narrow(0, 0, 12);
        Assert.True((one - other).abs().max().item<float>() < 1e-6);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void LogProbs_BFloat16Weights_AreCloseToFloat32(string family)
    {
        using Decoder exact = TinyModel.Sharp(family);
        using Decoder rounded = TinyModel.Sharp(family, ScalarType.BFloat16);
        Assert.Equal(ScalarType.BFloat16, rounded.Dtype);
        TokenSequence[] sequences = [new TokenSequence(TinyModel.Ids(100), 1)];
        float[] wide = SequenceScorer.LogProbs(exact, sequences, 1, 1000)[0];
        float[] narrow = SequenceScorer.LogProbs(rounded, sequences, 1, 1000)[0];
        double[] differences = [.. wide.Zip(narrow, (w, n) => Math.Abs((double)w - n))];

        // bfloat16 keeps 8 bits: 0.4% of logits of a few units in every one of some ten roundings.
        double most = TinyModel.HasExperts(family) ? 2 : 0.5;
        Assert.True(differences.Average() < 0.1 && differences.Max() < most, $"mean {differences.Average()}, largest {differences.Max()}");
        Assert.True(differences.Max() > 1e-4, "the narrow model computes in float32");
    }

    [Fact]
    public void Split_AnyBudget_HoldsEverySequenceOnceWithinTheBudget()
    {
        TokenSequence[] sequences = [.. new[] { 5, 50, 7, 7, 31, 1, 90, 12 }.Select((length, i) => new TokenSequence([.. Enumerable.Repeat(i, length)], 1))];
        foreach (int budget in new[] { 1, 30, 64, 100, 1000 })
        {
            IReadOnlyList<int[]> batches = PackedBatch.Split(sequences, budget);
            Assert.Equal(Enumerable.Range(0, 8), batches.SelectMany(batch => batch).Order());
            Assert.All(batches, batch => Assert.True(batch.Length == 1 || batch.Sum(i => sequences[i].Ids.Length) <= budget));
        }

        Assert.Single(PackedBatch.Split(sequences, 1000));
    }

    private static Tensor Whole(Decoder model, int[] ids) => model.Logits(TinyModel.Hidden(model, ids).narrow(0, ids.Length - 1, 1)).flatten();

    private static double[] Attend(ReadOnlySpan<float> query, ReadOnlySpan<float> keys, ReadOnlySpan<float> values)
    {
        int width = query.Length, count = keys.Length / width;
        var scores = new double[count];
        for (int s = 0; s < count; s++)
        {
            for (int e = 0; e < width; e++)
            {
                scores[s] += (double)query[e] * keys[(s * width) + e] / Math.Sqrt(width);
            }
        }

        double largest = scores.Max(), sum = scores.Sum(score => Math.Exp(score - largest));
        var result = new double[width];
        for (int s = 0; s < count; s++)
        {
            for (int e = 0; e < width; e++)
            {
                result[e] += Math.Exp(scores[s] - largest) / sum * values[(s * width) + e];
            }
        }

        return result;
    }

    private static void AssertClose(Tensor expected, Tensor actual, double tolerance)
    {
        double worst = (expected - actual).abs().max().item<float>();
        Assert.True(worst <= tolerance, $"largest difference {worst}");
    }
}
