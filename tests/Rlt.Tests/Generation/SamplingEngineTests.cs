using Rlt.Configuration;
using Rlt.Generation;
using Rlt.Models;
using Rlt.Statistics;
using Rlt.Tests.Data;
using Rlt.Text.Tokenization;
using TorchSharp;

namespace Rlt.Tests.Generation;

public sealed class SamplingEngineTests : IDisposable
{
    // Cached decoding and a whole pass round differently.
    private const double Tolerance = 1e-4;

    private readonly long _liveBefore = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
    private readonly ScratchDirectory _scratch = new();

    public static TheoryData<string> Families => TinyModel.Families;

    public void Dispose()
    {
        _scratch.Dispose();
        Assert.Equal(_liveBefore, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Run_AnyBatch_SampleDependsOnPromptAndStreamAlone(string family)
    {
        using Decoder model = TinyModel.Sharp(family);
        SamplingRequest[] requests = Requests();
        var options = new SamplingOptions { Temperature = 0.9, TopP = 0.95, MaxNewTokens = 12, StopIds = [3, 9, 27] };
        Sample[][] expected = new SamplingEngine(model, null, options).Run(requests);
        foreach (int rows in new[] { 1, 2, 5 })
        {
            AssertSame(expected, new SamplingEngine(model, null, options with { MaxRows = rows }).Run(requests));
        }

        AssertSame([expected[2]], new SamplingEngine(model, null, options).Run([requests[2]]));
        Sample[][] reversed = new SamplingEngine(model, null, options).Run([.. requests.Reverse()]);
        AssertSame([.. expected.Reverse()], reversed);
        Assert.Contains(expected.SelectMany(samples => samples), sample => sample.Finish == FinishReason.Stop);
        Assert.Contains(expected.SelectMany(samples => samples), sample => sample.Finish == FinishReason.Length);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Run_LogProbabilities_AreTheScorers(string family)
    {
        using Decoder model = TinyModel.Sharp(family);
        SamplingRequest[] requests = Requests();

        // Long enough for the cache to grow past its first block.
        Sample[][] samples = new SamplingEngine(model, null, new SamplingOptions { Temperature = 0.7, MaxNewTokens = 300, MaxRows = 7 }).Run(requests);
        for (int i = 0; i < requests.Length; i++)
        {
            foreach (Sample sample in samples[i])
            {
                int[] prompt = requests[i].Prompt;
                float[] scored = SequenceScorer.LogProbs(model, [new TokenSequence([.. prompt, .. sample.Ids], prompt.Length)], 0.7, 4096)[0];
                Assert.Equal(300, sample.LogProbs.Length);
                Assert.All(scored.Zip(sample.LogProbs), pair => Assert.Equal(pair.First, pair.Second, family == "qwen3_5_text" ? 5 * Tolerance : Tolerance));
            }
        }
    }

    [Fact]
    public void Run_SeveralSamplesOfAPrompt_AreDistinctAndRepeatable()
    {
        using Decoder model = TinyModel.Create();
        var request = new SamplingRequest([5, 6], [.. Enumerable.Range(0, 8).Select(i => RandomStream.Key(1, i))]);
        var engine = new SamplingEngine(model, null, new SamplingOptions { MaxNewTokens = 10 });
        Sample[] samples = engine.Run([request])[0];
        Assert.Equal(8, samples.Select(sample => string.Join(' ', sample.Ids)).Distinct().Count());
        AssertSame([samples], engine.Run([request]));
    }

    [Fact]
    public void Run_UniformModel_DrawsEveryTokenEquallyOften()
    {
        using Decoder model = TinyModel.WithHead(new float[16 * 16], 16);
        SamplingRequest[] requests = [new([1], [.. Enumerable.Range(0, 200).Select(i => RandomStream.Key(2, i))])];
        Sample[] samples = new SamplingEngine(model, null, new SamplingOptions { MaxNewTokens = 20, MaxRows = 200 }).Run(requests)[0];
        int[] counts = new int[16];
        foreach (int id in samples.SelectMany(sample => sample.Ids))
        {
            counts[id]++;
        }

        ChiSquare.AssertFollows([.. Enumerable.Repeat(1.0 / 16, 16)], counts);
        Assert.All(samples.SelectMany(sample => sample.LogProbs), logProb => Assert.Equal(-Math.Log(16), logProb, 1e-5));
    }

    [Fact]
    public void Run_StopId_EndsTheSampleAndBelongsToIt()
    {
        using Decoder model = TinyModel.Sharp();
        var request = new SamplingRequest([1, 2, 3], [RandomStream.Key(4)]);
        int[] free = One(model, request, new SamplingOptions { MaxNewTokens = 30 }).Ids;
        int stop = free[10];
        Sample stopped = One(model, request, new SamplingOptions { MaxNewTokens = 30, StopIds = [stop] });
        Assert.Equal(FinishReason.Stop, stopped.Finish);
        Assert.Equal(free[..(Array.IndexOf(free, stop) + 1)], stopped.Ids);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Run_MaxNewTokens_EndsTheSample(int limit)
    {
        using Decoder model = TinyModel.Sharp();
        Sample sample = One(model, new SamplingRequest([1], [1]), new SamplingOptions { MaxNewTokens = limit });
        Assert.Equal((limit, limit, FinishReason.Length), (sample.Ids.Length, sample.LogProbs.Length, sample.Finish));
    }

    [Fact]
    public void Run_LimitOfARequest_CountsForIt()
    {
        using Decoder model = TinyModel.Sharp();
        SamplingRequest[] requests = [new([1], [1, 2]), new([2], [3]) { MaxNewTokens = 20 }, new([3], [4])];
        Sample[][] samples = new SamplingEngine(model, null, new SamplingOptions { MaxNewTokens = 2, MaxRows = 2 }).Run(requests);
        Assert.Equal([2, 2, 20, 2], samples.SelectMany(request => request.Select(sample => sample.Ids.Length)));
        AssertSame([samples[1]], new SamplingEngine(model, null, new SamplingOptions { MaxNewTokens = 20 }).Run([requests[1]]));
    }

    [Fact]
    public void Run_ContextFull_EndsTheSample()
    {
        using Decoder model = TinyModel.Create();
        Sample sample = One(model, new SamplingRequest(TinyModel.Ids(505), [1]), new SamplingOptions { MaxNewTokens = 100 });
        Assert.Equal((7, FinishReason.Length), (sample.Ids.Length, sample.Finish));
    }

    [Theory]
    [InlineData(512, "prompt 1 has 512 tokens; expected 1 to 511 (the model's max_position_embeddings is 512)")]
    [InlineData(0, "prompt 1 has 0 tokens; expected 1 to 511 (the model's max_position_embeddings is 512)")]
    public void Run_PromptTooLongOrEmpty_IsRefusedByNumber(int length, string message)
    {
        using Decoder model = TinyModel.Create();
        var engine = new SamplingEngine(model, null, new SamplingOptions());
        var error = Assert.Throws<DataException>(() => engine.Run([new([1], [1]), new(TinyModel.Ids(length), [1])]));
        Assert.Equal(message, error.Message);
    }

    [Fact]
    public void Run_StopTextAcrossTokens_EndsWithTheTokenThatCompletesIt()
    {
        using LanguageModel model = LanguageModel.Load(TinyDirectory.Write(_scratch["model"]), new DeviceConfig());
        var request = new SamplingRequest([10, 20], [RandomStream.Key(3)]);
        int[] free = new SamplingEngine(model.Decoder, model.Tokenizer, new SamplingOptions { MaxNewTokens = 60 }).Run([request])[0][0].Ids;
        (string across, int end) = Across(free, model.Tokenizer);
        var options = new SamplingOptions { MaxNewTokens = 60, StopTexts = ["never to be found", across] };
        Sample stopped = new SamplingEngine(model.Decoder, model.Tokenizer, options).Run([request])[0][0];
        Assert.Equal(FinishReason.Stop, stopped.Finish);
        Assert.Equal(free[..end], stopped.Ids);
    }

    [Fact]
    public void Run_StopTextsWithoutTokenizer_AreRefused()
    {
        using Decoder model = TinyModel.Create();
        Assert.Throws<ArgumentException>(() => new SamplingEngine(model, null, new SamplingOptions { StopTexts = ["x"] }));
    }

    [Fact]
    public void Run_Cancelled_StopsAndFreesItsTensors()
    {
        using Decoder model = TinyModel.Sharp();
        using var stop = new CancellationTokenSource();
        var engine = new SamplingEngine(model, null, new SamplingOptions { MaxNewTokens = 50, MaxRows = 2 });
        Assert.Throws<OperationCanceledException>(() => engine.Run(Requests(), (_, _) => stop.Cancel(), stop.Token));
    }

    /// <summary>Rows of other options, and such as enter late or are given up, change nothing of a row.</summary>
    [Fact]
    public void RowBatch_RowsEnterAndLeaveMeanwhile_EachAsAlone()
    {
        using Decoder model = TinyModel.Sharp();
        SamplingOptions[] options =
        [
            new() { Temperature = 0 }, new() { Temperature = 0.9 }, new() { Temperature = 0.9, TopK = 5 }, new() { Temperature = 1.3, TopP = 0.8, StopIds = [3, 9, 27] },
        ];
        SampleRow[] rows = [.. Enumerable.Range(0, 8).Select(i => Row(i))];
        SampleRow given = new(TinyModel.Ids(9, 20), 1, options[1], 300);
        using (var batch = new RowBatch(model, null))
        {
            batch.Enter([given]);
            foreach (SampleRow row in rows)
            {
                batch.Enter([row]);
                batch.Step();
                batch.Step();
            }

            given.Cancel();
            while (batch.Step() > 0)
            {
            }

            Assert.Empty(batch.Rows);
        }

        Assert.Null(given.Finish);
        for (int i = 0; i < rows.Length; i++)
        {
            using var batch = new RowBatch(model, null);
            SampleRow alone = Row(i);
            batch.Enter([alone]);
            while (batch.Step() > 0)
            {
            }

            Assert.Equal(alone.Ids, rows[i].Ids);
            Assert.Equal(alone.Finish, rows[i].Finish);
            Assert.Equal(alone.Places.Select(place => place.Rank), rows[i].Places.Select(place => place.Rank));
            Assert.Equal(alone.Likeliest is null ? 0 : alone.Ids.Count, alone.Places.Count);
        }

        SampleRow Row(int i) => new(TinyModel.Ids(3 + i, i + 1), RandomStream.Key(5, i), options[i % 4], 12 + i) { Likeliest = i % 3 == 0 ? 2 : null };
    }

    [Fact]
    public void Run_NoRequests_GivesNothing()
    {
        using Decoder model = TinyModel.Create();
        Assert.Empty(new SamplingEngine(model, null, new SamplingOptions()).Run([]));
    }

    // A text of one character of a token and one of the next, and the number of tokens after which it first stands there.
    private static (string Text, int End) Across(int[] ids, Tokenizer tokenizer)
    {
        for (int i = 3; i + 1 < ids.Length; i++)
        {
            string one = tokenizer.Decode([ids[i]]), next = tokenizer.Decode([ids[i + 1]]);
            string across = one.Length > 1 && next.Length > 1 ? one[^1..] + next[..1] : "";
            int end = Enumerable.Range(0, ids.Length + 1).First(n => n == ids.Length || (across.Length > 0 && tokenizer.Decode(ids[..n]).Contains(across, StringComparison.Ordinal)));
            if (across.Length == 2 && across.All(char.IsAscii) && end == i + 2)
            {
                return (across, end);
            }
        }

        throw new InvalidOperationException("no such text in the sample");
    }

    private static Sample One(Decoder model, SamplingRequest request, SamplingOptions options) => new SamplingEngine(model, null, options).Run([request])[0][0];

    private static SamplingRequest[] Requests() =>
        [.. new[] { 3, 11, 1, 7 }.Select((length, i) => new SamplingRequest(TinyModel.Ids(length, i + 1), [.. Enumerable.Range(0, 3).Select(sample => RandomStream.Key(8, i, sample))]))];

    private static void AssertSame(Sample[][] expected, Sample[][] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        foreach ((Sample one, Sample other) in expected.SelectMany(row => row).Zip(actual.SelectMany(row => row)))
        {
            Assert.Equal(one.Ids, other.Ids);
            Assert.Equal(one.Finish, other.Finish);
            Assert.All(one.LogProbs.Zip(other.LogProbs), pair => Assert.Equal(pair.First, pair.Second, Tolerance));
        }
    }
}
