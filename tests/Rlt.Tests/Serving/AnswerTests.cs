using System.Text.Json.Nodes;
using Rlt.Generation;
using Rlt.Models;
using Rlt.Statistics;
using Rlt.Text.Tokenization;

namespace Rlt.Tests.Serving;

/// <summary>What a server answers is what the engine draws, in OpenAI's forms.</summary>
public sealed class AnswerTests : IAsyncLifetime
{
    // A prompt's pass and the scorer's round differently.
    private const double Tolerance = 1e-4;

    private ServedModel _served = null!;

    private Tokenizer Tokenizer => _served.Model.Tokenizer;

    public async Task InitializeAsync() => _served = await ServedModel.StartAsync();

    public async Task DisposeAsync() => await _served.DisposeAsync();

    [Fact]
    public async Task Completions_Greedy_IsTheEngines()
    {
        JsonObject answer = await _served.AskAsync("completions", """{"model": "tiny", "prompt": "two and two", "temperature": 0, "max_tokens": 12}""");
        (string text, Sample sample) = Drawn("two and two", new SamplingOptions { Temperature = 0, MaxNewTokens = 12 });
        JsonObject choice = Choice(answer);
        Assert.Equal((text, 0, "length"), ((string)choice["text"]!, (int)choice["index"]!, (string)choice["finish_reason"]!));
        int prompt = Tokenizer.EncodeWhole("two and two").Length;
        Assert.Equal($$"""{"prompt_tokens":{{prompt}},"completion_tokens":{{sample.Ids.Length}},"total_tokens":{{prompt + sample.Ids.Length}}}""", answer["usage"]!.ToJsonString());
        Assert.Equal(("text_completion", "tiny"), ((string)answer["object"]!, (string)answer["model"]!));
    }

    [Fact]
    public async Task Completions_SeedTemperatureTopPTopK_AreTheEngines()
    {
        JsonObject answer = await _served.AskAsync(
            "completions", """{"prompt": "abc", "seed": 7, "temperature": 0.8, "top_p": 0.9, "top_k": 40, "max_tokens": 20, "skip_special_tokens": false}""");
        (string text, _) = Drawn("abc", new SamplingOptions { Temperature = 0.8, TopP = 0.9, TopK = 40, MaxNewTokens = 20 }, RandomStream.Key(7, 0, 0), skipSpecial: false);
        Assert.Equal(text, (string)Choice(answer)["text"]!);
    }

    [Fact]
    public async Task Chat_RendersTheTemplate_PartsAsText()
    {
        JsonObject answer = await _served.AskAsync("chat/completions", """
            {"model": "tiny", "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": [{"type": "text", "text": "2 +"}, {"type": "text", "text": " 3?"}]}],
             "temperature": 0, "max_completion_tokens": 9, "user": "me", "frequency_penalty": 0, "tools": [], "response_format": {"type": "text"}}
            """);
        string prompt = "<|im_start|>system\nbe brief<|im_end|>\n<|im_start|>user\n2 + 3?<|im_end|>\n<|im_start|>assistant\n";
        (string text, _) = Drawn(prompt, new SamplingOptions { Temperature = 0, MaxNewTokens = 9 });
        JsonNode message = Choice(answer)["message"]!;
        Assert.Equal(("assistant", text), ((string)message["role"]!, (string)message["content"]!));
        Assert.Equal("chat.completion", (string)answer["object"]!);
    }

    [Fact]
    public async Task Seed_SameBytes_WhateverRunsBeside()
    {
        string[] bodies = [.. Enumerable.Range(0, 12).Select(i =>
            $$"""{"prompt": "question {{i}} {{new string('x', i * 3)}}", "seed": {{i}}, "temperature": {{(i % 4) * 0.5}}, "top_k": {{i % 3 * 10}}, "max_tokens": {{10 + i}}, "n": {{1 + (i % 2)}}}""")];
        var alone = new List<string>();
        foreach (string body in bodies)
        {
            alone.Add((await _served.AskAsync("completions", body))["choices"]!.ToJsonString());
        }

        JsonObject[] together = await Task.WhenAll(bodies.Concat(bodies).Select(body => _served.AskAsync("completions", body)));
        Assert.Equal(alone.Concat(alone), together.Select(answer => answer["choices"]!.ToJsonString()));
        Assert.Equal(12, alone.Distinct().Count());
    }

    [Fact]
    public async Task WithoutSeed_AnswersDiffer()
    {
        const string body = """{"prompt": "abc", "max_tokens": 20, "temperature": 1.2}""";
        JsonObject[] answers = [await _served.AskAsync("completions", body), await _served.AskAsync("completions", body)];
        Assert.NotEqual((string)Choice(answers[0])["text"]!, (string)Choice(answers[1])["text"]!);
    }

    [Theory]
    [InlineData("completions", "\"prompt\": \"one two\"")]
    [InlineData("completions", "\"prompt\": \"one two\", \"echo\": true, \"logprobs\": 2")]
    [InlineData("chat/completions", "\"messages\": [{\"role\": \"user\", \"content\": \"one two\"}], \"logprobs\": true, \"top_logprobs\": 3")]
    public async Task Stream_IsTheWholeAnswerInParts(string path, string fields)
    {
        string body = $$"""{ {{fields}}, "seed": 3, "n": 2, "max_tokens": 30, "stop": ["a"]""";
        JsonObject whole = await _served.AskAsync(path, body + "}");
        JsonObject[] chunks = await _served.StreamAsync(path, body + ", \"stream\": true, \"stream_options\": {\"include_usage\": true}}");
        Assert.Equal(whole["usage"]!.ToJsonString(), chunks[^1]["usage"]!.ToJsonString());
        Assert.Empty((JsonArray)chunks[^1]["choices"]!);
        Assert.Single(chunks.Select(chunk => (string)chunk["id"]!).Distinct());
        Assert.All(chunks, chunk => Assert.Equal(path[0] == 'c' && path[1] == 'h' ? "chat.completion.chunk" : "text_completion", (string)chunk["object"]!));
        ILookup<int, JsonNode> parts = chunks[..^1].Select(chunk => chunk["choices"]![0]!).ToLookup(choice => (int)choice["index"]!);
        foreach (JsonNode? choice in (JsonArray)whole["choices"]!)
        {
            JsonNode[] own = [.. parts[(int)choice!["index"]!]];
            string text = string.Concat(own.Select(part => (string?)(part["text"] ?? part["delta"]!["content"])));
            Assert.Equal((string)(choice["text"] ?? choice["message"]!["content"])!, text);
            Assert.Equal((string)choice["finish_reason"]!, (string)own[^1]["finish_reason"]!);
            Assert.All(own[..^1], part => Assert.Null(part["finish_reason"]));
            string kind = choice["logprobs"]?["content"] is null ? "tokens" : "content";
            JsonNode?[] told = [.. own.SelectMany(part => part["logprobs"]?[kind] as JsonArray ?? [])];
            Assert.Equal(((JsonArray?)choice["logprobs"]?[kind])?.Count ?? 0, told.Length);
            Assert.Equal((choice["logprobs"]?[kind] as JsonArray)?.ToJsonString() ?? "[]", new JsonArray([.. told.Select(one => one!.DeepClone())]).ToJsonString());
        }
    }

    [Fact]
    public async Task Stop_CutsTheText_OrEndsItWhereAsked()
    {
        const string fields = "\"prompt\": \"abc\", \"temperature\": 0, \"max_tokens\": 40, \"skip_special_tokens\": false";
        string free = (string)Choice(await _served.AskAsync("completions", $"{{{fields}}}"))["text"]!;
        string stop = free[9..11];
        string expected = free[..free.IndexOf(stop, StringComparison.Ordinal)];
        string quoted = JsonValue.Create(stop)!.ToJsonString();
        JsonObject cut = Choice(await _served.AskAsync("completions", $$"""{ {{fields}}, "stop": ["never", {{quoted}}]}"""));
        Assert.Equal((expected, "stop", stop), ((string)cut["text"]!, (string)cut["finish_reason"]!, (string)cut["stop_reason"]!));
        JsonObject included = Choice(await _served.AskAsync("completions", $$"""{ {{fields}}, "stop": {{quoted}}, "include_stop_str_in_output": true}"""));
        Assert.Equal(expected + stop, (string)included["text"]!);
    }

    [Fact]
    public async Task StopIds_EndTheText_WithoutTheirToken()
    {
        (_, Sample free) = Drawn("abc", new SamplingOptions { Temperature = 0, MaxNewTokens = 30 });
        int id = free.Ids[6], end = Array.IndexOf(free.Ids, id);
        JsonObject answer = await _served.AskAsync("completions", $$"""{"prompt": "abc", "temperature": 0, "max_tokens": 30, "stop_token_ids": [{{id}}], "logprobs": 0}""");
        JsonObject choice = Choice(answer);
        Assert.Equal(Tokenizer.Decode(free.Ids[..end], skipSpecialTokens: true), (string)choice["text"]!);
        Assert.Equal((end, end + 1), (((JsonArray)choice["logprobs"]!["tokens"]!).Count, (int)answer["usage"]!["completion_tokens"]!));
    }

    [Fact]
    public async Task SeveralPrompts_TextsOrIds_AreAnsweredInOrder()
    {
        int[][] ids = [Tokenizer.EncodeWhole("first one"), Tokenizer.EncodeWhole("second")];
        const string rest = "\"n\": 2, \"seed\": 1, \"max_tokens\": 8}";
        JsonObject texts = await _served.AskAsync("completions", "{\"prompt\": [\"first one\", \"second\"], " + rest);
        JsonObject tokens = await _served.AskAsync("completions", $"{{\"prompt\": [[{string.Join(',', ids[0])}], [{string.Join(',', ids[1])}]], " + rest);
        JsonObject first = await _served.AskAsync("completions", $"{{\"prompt\": [{string.Join(',', ids[0])}], " + rest);
        Assert.Equal([0, 1, 2, 3], ((JsonArray)texts["choices"]!).Select(choice => (int)choice!["index"]!));
        Assert.Equal(texts["choices"]!.ToJsonString(), tokens["choices"]!.ToJsonString());
        Assert.Equal(((JsonArray)texts["choices"]!).Take(2).Select(choice => choice!.ToJsonString()), ((JsonArray)first["choices"]!).Select(choice => choice!.ToJsonString()));
        Assert.Equal(4, ((JsonArray)texts["choices"]!).Select(choice => (string)choice!["text"]!).Distinct().Count());
    }

    [Fact]
    public async Task LogProbs_AreTheScorers_OfPromptAndAnswer()
    {
        JsonObject answer = await _served.AskAsync(
            "completions", """{"prompt": "count to ten", "seed": 2, "temperature": 0.7, "max_tokens": 10, "logprobs": 3, "echo": true, "prompt_logprobs": 2}""");
        JsonObject choice = Choice(answer), logProbs = (JsonObject)choice["logprobs"]!;
        int[] prompt = Tokenizer.EncodeWhole("count to ten");
        (_, Sample sample) = Drawn("count to ten", new SamplingOptions { Temperature = 0.7, MaxNewTokens = 10 }, RandomStream.Key(2, 0, 0));
        int[] ids = [.. prompt, .. sample.Ids];
        float[] expected = SequenceScorer.LogProbs(_served.Model.Decoder, [new TokenSequence(ids, 1)], 1, 4096)[0];
        JsonArray told = (JsonArray)logProbs["token_logprobs"]!;
        Assert.Null(told[0]);
        Assert.Equal(expected.Length, told.Count - 1);
        Assert.All(expected.Zip(told.Skip(1)), pair => Assert.Equal(pair.First, (double)pair.Second!, Tolerance));
        Assert.Equal(ids.Select(id => Tokenizer.Decode([id])), ((JsonArray)logProbs["tokens"]!).Select(token => (string)token!));
        Assert.StartsWith("count to ten", (string)choice["text"]!, StringComparison.Ordinal);
        Assert.Equal(0, (int)logProbs["text_offset"]![0]!);
        foreach ((JsonNode? top, JsonNode? own) in ((JsonArray)logProbs["top_logprobs"]!).Skip(1).Zip(told.Skip(1)))
        {
            Assert.InRange(((JsonObject)top!).Count, 1, 4);
            Assert.Equal(((JsonObject)top).Max(pair => (double)pair.Value!), (double)((JsonObject)top).First().Value!, Tolerance);
            Assert.Contains(((JsonObject)top).Select(pair => (double)pair.Value!), value => Math.Abs(value - (double)own!) < Tolerance);
        }

        JsonArray ofPrompt = (JsonArray)choice["prompt_logprobs"]!;
        Assert.Equal(prompt.Length, ofPrompt.Count);
        Assert.Null(ofPrompt[0]);
        for (int i = 1; i < prompt.Length; i++)
        {
            JsonNode own = ofPrompt[i]![$"{prompt[i]}"]!;
            Assert.Equal(expected[i - 1], (double)own["logprob"]!, Tolerance);
            Assert.Equal(Tokenizer.Decode([prompt[i]]), (string)own["decoded_token"]!);
            Assert.InRange(((JsonObject)ofPrompt[i]!).Count, 2, 3);
            Assert.Equal((int)own["rank"]! <= 2 ? 2 : 3, ((JsonObject)ofPrompt[i]!).Count);
        }
    }

    [Fact]
    public async Task MaxTokensZero_ScoresThePromptAlone()
    {
        JsonObject answer = await _served.AskAsync("completions", """{"prompt": "score me", "max_tokens": 0, "logprobs": 0, "echo": true}""");
        Assert.Equal("score me", (string)Choice(answer)["text"]!);
        float[] expected = SequenceScorer.LogProbs(_served.Model.Decoder, [new TokenSequence(Tokenizer.EncodeWhole("score me"), 1)], 1, 4096)[0];
        Assert.All(expected.Zip(((JsonArray)Choice(answer)["logprobs"]!["token_logprobs"]!).Skip(1)), pair => Assert.Equal(pair.First, (double)pair.Second!, Tolerance));
        Assert.Equal(0, (int)answer["usage"]!["completion_tokens"]!);
    }

    [Fact]
    public async Task ChatLogProbs_TellTheLikeliest()
    {
        JsonObject answer = await _served.AskAsync(
            "chat/completions", """{"messages": [{"role": "user", "content": "hi"}], "temperature": 0, "max_tokens": 5, "logprobs": true, "top_logprobs": 2}""");
        JsonArray told = (JsonArray)Choice(answer)["logprobs"]!["content"]!;
        Assert.Equal(5, told.Count);
        Assert.All(told, token =>
        {
            JsonArray top = (JsonArray)token!["top_logprobs"]!;
            Assert.Equal(2, top.Count);
            Assert.Equal((string)token["token"]!, (string)top[0]!["token"]!);
            Assert.Equal((double)token["logprob"]!, (double)top[0]!["logprob"]!, Tolerance);
            Assert.True((double)top[1]!["logprob"]! <= (double)top[0]!["logprob"]!);
            Assert.Equal(System.Text.Encoding.UTF8.GetBytes((string)token["token"]!).Select(one => (int)one), ((JsonArray)token["bytes"]!).Select(one => (int)one!));
        });
    }

    private static JsonObject Choice(JsonObject answer) => (JsonObject)answer["choices"]![0]!;

    private (string Text, Sample Sample) Drawn(string prompt, SamplingOptions options, ulong stream = 0, bool skipSpecial = true)
    {
        LanguageModel model = _served.Model;
        int[] ids = model.Tokenizer.Encode(prompt).Ids;
        Sample sample = new SamplingEngine(model.Decoder, model.Tokenizer, options with { StopIds = model.StopIds }).Run([new(ids, [stream])])[0][0];
        int[] shown = sample.Finish == FinishReason.Stop ? sample.Ids[..^1] : sample.Ids;
        return (model.Tokenizer.Decode(shown, skipSpecial), sample);
    }
}
