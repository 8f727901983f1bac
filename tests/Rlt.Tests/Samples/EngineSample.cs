using Rlt.Configuration;
using Rlt.Generation;
using Rlt.Models;

namespace Rlt.Tests.Samples;

/// <summary>The sample of Rlt's README.</summary>
internal static class EngineSample
{
    public static string[] Run(string modelDirectory)
    {
        // begin
        using var model = LanguageModel.Load(modelDirectory, new DeviceConfig { Device = "cpu", Dtype = "auto" });
        var options = new SamplingOptions
        {
            Temperature = 0.7, TopP = 0.95, MaxNewTokens = 64, StopIds = model.StopIds,
        };
        var engine = new SamplingEngine(model.Decoder, model.Tokenizer, options);

        int[] prompt = model.Tokenizer.Encode("Once upon a time").Ids;
        Sample[][] samples = engine.Run([new SamplingRequest(prompt, Streams: [1, 2])]);   // two samples, each by its number
        string[] texts = [.. samples[0].Select(sample => model.Tokenizer.Decode(sample.Ids))];
        foreach (string text in texts)
        {
            Console.WriteLine(text);
        }

        // ln p of every token after the first
        float[][] logProbs = SequenceScorer.LogProbs(model.Decoder, [new TokenSequence(prompt, 1)], 1, 4096);
        Console.WriteLine(string.Join(' ', logProbs[0]));
        // end
        return texts;
    }
}
