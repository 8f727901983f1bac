using System.CommandLine;
using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Generation;
using Rlt.Models;
using Rlt.Statistics;

namespace Rlt.Cli.Commands.Tools;

/// <summary><c>rlt generate</c>: samples continuations of rows.</summary>
internal static class GenerateCommand
{
    public static Command Create()
    {
        var command = new Command("generate",
            "Continues rows {ids}, {prompt} or {messages}: adds ids, text, finish_reason, logprobs (with --n above 1: a list 'samples').");
        Option<string> model = SharedOptions.Required("--model", "a Hugging Face model directory or Hub id");
        Option<string> output = SharedOptions.Required("--output", "the JSONL file to write");
        var temperature = new Option<double>("--temperature")
        {
            Description = "divides the logits; 0 takes the likeliest token", DefaultValueFactory = _ => 1.0,
        };
        var topP = new Option<double>("--top-p") { Description = "keeps the likeliest tokens that add up to this", DefaultValueFactory = _ => 1.0 };
        var topK = new Option<int>("--top-k") { Description = "keeps this many of the likeliest tokens; 0 keeps all" };
        var length = new Option<int>("--max-new-tokens") { Description = "tokens drawn at most", DefaultValueFactory = _ => 512 };
        var count = new Option<int>("--n") { Description = "samples a row", DefaultValueFactory = _ => 1 };
        var stops = new Option<string[]>("--stop") { Description = "a text that ends a sample; may be given several times" };
        var ignoreEos = new Option<bool>("--ignore-eos") { Description = "go on after the end-of-text token" };
        var rows = new Option<int>("--max-batch") { Description = "sequences decoded at once", DefaultValueFactory = _ => 64 };
        var input = new InputOptions(command);
        command.Takes(model, output, temperature, topP, topK, length, count, stops, ignoreEos, rows);

        var device = new DeviceOptions(command);
        command.SetAction((parsed, stop) =>
        {
            var sampling = new SamplingOptions
            {
                Temperature = parsed.GetValue(temperature),
                TopP = parsed.GetValue(topP),
                TopK = parsed.GetValue(topK),
                MaxNewTokens = parsed.GetValue(length),
                StopTexts = parsed.GetValue(stops) ?? [],
                MaxRows = parsed.GetValue(rows),
            };
            Check(sampling, parsed.GetValue(count));
            JsonRow[] input_ = [.. input.Rows(parsed)];
            using LanguageModel loaded = Startup.Load(parsed.GetValue(model)!, device.Resolve(parsed));
            sampling = sampling with { StopIds = parsed.GetValue(ignoreEos) ? [] : loaded.StopIds };
            Sample[][] samples = Run(loaded, input_, sampling, parsed.GetValue(count), device.Seed(parsed), stop);
            JsonLines.Write(parsed.GetValue(output)!, input_.Select((row, i) => Written(row.Fields, samples[i], loaded)));
            return Task.FromResult(0);
        });
        return command;
    }

    private static void Check(SamplingOptions sampling, int count)
    {
        if (sampling.StopTexts.Any(text => text.Length == 0))
        {
            throw new ConfigException("--stop is empty, which would end every sample at once; expected a text");
        }

        if (sampling.Temperature < 0 || sampling.TopP is <= 0 or > 1 || sampling.TopK < 0 || sampling.MaxNewTokens < 1 || sampling.MaxRows < 1 || count < 1)
        {
            throw new ConfigException(
                $"--temperature {sampling.Temperature} --top-p {sampling.TopP} --top-k {sampling.TopK} "
                    + $"--max-new-tokens {sampling.MaxNewTokens} --max-batch {sampling.MaxRows} --n {count}: "
                + "expected a temperature of 0 or more, top-p above 0 up to 1, top-k of 0 or more, and at least 1 of the others");
        }
    }

    private static Sample[][] Run(LanguageModel model, JsonRow[] rows, SamplingOptions sampling, int count, long seed, CancellationToken stop)
    {
        SamplingRequest[] requests = [.. rows.Select((row, i) => new SamplingRequest(
            PromptIds.OfPrompt(row, model), [.. Enumerable.Range(0, count).Select(sample => RandomStream.Key(seed, i, sample))]))];
        return new SamplingEngine(model.Decoder, model.Tokenizer, sampling).Run(requests, stop: stop);
    }

    private static JsonObject Written(JsonObject row, Sample[] samples, LanguageModel model)
    {
        JsonObject[] results = [.. samples.Select(sample => Result(sample, model))];
        if (results.Length > 1)
        {
            row["samples"] = new JsonArray([.. results]);
            return row;
        }

        foreach ((string key, JsonNode? value) in results[0])
        {
            row[key] = value!.DeepClone();
        }

        return row;
    }

    private static JsonObject Result(Sample sample, LanguageModel model) => new()
    {
        ["ids"] = JsonArrays.Of(sample.Ids),
        ["text"] = model.Tokenizer.Decode(sample.Ids, skipSpecialTokens: true),
        ["finish_reason"] = sample.Finish == FinishReason.Stop ? "stop" : "length",
        ["logprobs"] = JsonArrays.Of(sample.LogProbs),
    };
}
