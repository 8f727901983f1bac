using System.Text.Json.Nodes;
using Rlt.Generation;
using Rlt.Models;
using Rlt.Servers;
using Rlt.Tests.Data;
using Rlt.Tests.Evaluation.Serving;
using Rlt.Tests.Serving;
using Rlt.Text.Tokenization;

namespace Rlt.Tests.Servers;

/// <summary>Log-probabilities of given tokens from servers: rlt's own against the engine, and others that fail, hide them, or have other tokens.</summary>
public sealed class TokenScoreClientTests : IDisposable
{
    // One model in the same type, in other batches.
    private const double Rounding = 1e-5;

    private static readonly TokenSequence Sequence = new([5, 6, 7, 8], 2);

    private readonly HttpClient _client = new();
    private readonly List<string> _retries = [];

    public void Dispose() => _client.Dispose();

    [Theory]
    [InlineData(ScoreForm.PromptLogprobs, 4)]
    [InlineData(ScoreForm.PromptLogprobs, 0)]
    [InlineData(ScoreForm.Echo, 4)]
    [InlineData(ScoreForm.Echo, 0)]
    public async Task Score_OwnServer_TellsWhatTheEngineComputes(ScoreForm form, int likeliest)
    {
        await using ServedModel served = await ServedModel.StartAsync();
        TokenSequence[] sequences = [.. Enumerable.Range(0, 5).Select(i => new TokenSequence(TinyModel.Ids(12 + i, i + 1, 1000), 3 + i)), new([1, 2], 2)];
        TokenScoreClient client = Client(new ScoringServer { Url = served.Server.Url, Form = form, Concurrency = 3 }, likeliest);
        client.Require(sequences[0], served.Model.Tokenizer);
        TokenScores[] scores = client.Score(sequences);
        float[][] expected = SequenceScorer.LogProbs(served.Model.Decoder, sequences, 1, 1000);
        for (int i = 0; i < sequences.Length; i++)
        {
            Assert.Equal(expected[i].Length, scores[i].LogProbs.Length);
            Assert.All(expected[i].Zip(scores[i].LogProbs), pair => Assert.Equal(pair.First, pair.Second, Rounding));
            TokenPlace[] places = [.. PromptScorer.Score(served.Model.Decoder, sequences[i].Ids, likeliest).Skip(sequences[i].From - 1)];
            Assert.Equal(places.Select(place => place.Likeliest.Select(token => token.Id).ToArray()), scores[i].LikeliestIds);
            Assert.All(places.Zip(scores[i].LikeliestLogProbs), pair =>
                Assert.All(pair.First.Likeliest.Zip(pair.Second), token => Assert.Equal(token.First.LogProb, token.Second, Rounding)));
        }
    }

    // vLLM adds the given token where it is not among the likeliest.
    [Fact]
    public void Score_PromptLogProbs_KeepsTheLikeliestAloneAndAsksForOneToken()
    {
        using var server = new TestServer((_, _) => Reply("""
            "prompt_logprobs": [null, {"6": {"logprob": -1}}, {"3": {"logprob": -0.5}, "9": {"logprob": -1.25}, "7": {"logprob": -4}}, {"8": {"logprob": -0.25}, "1": {"logprob": -3}}]
            """));
        TokenScores scores = Assert.Single(Client(new ScoringServer { Url = server.Url, Model = "m" }, 2).Score([Sequence]));
        Assert.Equal([-4, -0.25f], scores.LogProbs);
        Assert.Equal([[3, 9], [8, 1]], scores.LikeliestIds);
        Assert.Equal([[-0.5f, -1.25f], [-0.25f, -3]], scores.LikeliestLogProbs);
        Assert.Equal("""{"model":"m","prompt":[5,6,7,8],"max_tokens":1,"temperature":0,"prompt_logprobs":2}""", server.Requests.Single().ToJsonString());
    }

    [Fact]
    public void Score_Echo_ReadsTheGivenTokensBeforeTheDrawnOne()
    {
        using var server = new TestServer((_, _) => Reply("""
            "logprobs": {"tokens": ["a", "b", "c", "d", "e"], "token_logprobs": [null, -1, -2, -3, -4], "top_logprobs": [null, {}, {"token_id:7": -2, "token_id:1": -0.5}, {"token_id:8": -3, "token_id:2": -1}, {}]}
            """));
        TokenScores scores = Assert.Single(Client(new ScoringServer { Url = server.Url, Model = "m", Form = ScoreForm.Echo }, 2).Score([Sequence]));
        Assert.Equal([-2f, -3], scores.LogProbs);
        Assert.Equal([[1, 7], [2, 8]], scores.LikeliestIds);
        Assert.Equal("""{"model":"m","prompt":[5,6,7,8],"max_tokens":1,"temperature":0,"echo":true,"logprobs":2,"return_tokens_as_token_ids":true}""", server.Requests.Single().ToJsonString());
    }

    [Fact]
    public void Score_ServerFailsNowAndThen_IsAskedAgain()
    {
        using var server = new TestServer((number, _) => number % 2 == 0 ? TestServer.Reply.Of(503, "busy") : Told());
        Assert.Equal(3, Client(new ScoringServer { Url = server.Url, Model = "m", Concurrency = 1, RetrySeconds = 0.001 }, 1).Score([Sequence, Sequence, Sequence]).Length);
        Assert.Equal(6, server.Requests.Length);
        Assert.NotEmpty(_retries);
    }

    [Fact]
    public void Score_ServerGoesAway_SaysWhereTheRunGoesOn()
    {
        using var server = new TestServer((_, _) => TestServer.Reply.Of(400, "no"));
        Assert.Equal($"{server.Url}: HTTP 400: no. The same command goes on after the newest checkpoint.",
            Assert.Throws<RunFailedException>(() => Client(new ScoringServer { Url = server.Url, Model = "m" }, 1).Score([Sequence])).Message);
    }

    [Theory]
    [InlineData(ScoreForm.PromptLogprobs, 1, "\"text\": \"x\"", "no log-probabilities of the given tokens (choices[0].prompt_logprobs)")]
    [InlineData(ScoreForm.PromptLogprobs, 1, "\"prompt_logprobs\": [null, {}]", "no log-probabilities of the given tokens (choices[0].prompt_logprobs)")]
    [InlineData(ScoreForm.Echo, 0, "\"logprobs\": null", "no log-probabilities of the given tokens (choices[0].logprobs.token_logprobs)")]
    [InlineData(ScoreForm.Echo, 1, "\"logprobs\": {\"token_logprobs\": [null, -1, -1, -1], \"top_logprobs\": [null, {}, {\"a\": -1}, {\"b\": -1}]}", "it tells 0 of the 1 likeliest tokens by their ids")]
    public void Require_ServerThatTellsThemNot_IsOneSentence(ScoreForm form, int likeliest, string choice, string message)
    {
        using var server = new TestServer((_, _) => Reply(choice));
        TokenScoreClient client = Client(new ScoringServer { Url = server.Url, Model = "m", Form = form }, likeliest);
        Assert.Equal(
            $"{server.Url}: {message}; expected a server that scores given tokens: vLLM or rlt serve, with server.form: prompt_logprobs, or one that knows echo with logprobs.",
            Assert.Throws<ConfigException>(() => client.Require(Sequence, Tokens())).Message);
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Require_ServerOfOtherTokens_SaysSo(bool other)
    {
        Tokenizer tokenizer = Tokens();
        int[] ids = tokenizer.Encode("add two and three", addSpecialTokens: false).Ids;
        JsonArray told = [null, .. ids.Skip(1).Select((id, i) => new JsonObject
        {
            [$"{id}"] = new JsonObject { ["logprob"] = -1, ["decoded_token"] = other ? $"word {i}" : tokenizer.Decode([id]) },
        })];
        using var server = new TestServer((_, _) => Reply($"\"prompt_logprobs\": {told.ToJsonString()}"));
        TokenScoreClient client = Client(new ScoringServer { Url = server.Url, Model = "m" }, 1);
        Exception? refused = Record.Exception(() => client.Require(new TokenSequence(ids, 1), tokenizer));
        Assert.Equal(other, refused is ConfigException);
        Assert.True(refused is null || refused.Message.StartsWith($"{server.Url}: the server's model has other tokens ", StringComparison.Ordinal), refused?.Message);
    }

    private static TestServer.Reply Told() =>
        Reply("\"prompt_logprobs\": [null, {\"6\": {\"logprob\": -1}}, {\"7\": {\"logprob\": -2}}, {\"8\": {\"logprob\": -3}}]");

    private static TestServer.Reply Reply(string choice) => TestServer.Reply.Of(200, $$"""{"choices": [{ {{choice}} }]}""");

    private static Tokenizer Tokens()
    {
        using var scratch = new ScratchDirectory();
        return Tokenizer.Load(TinyDirectory.Write(scratch["model"]));
    }

    private TokenScoreClient Client(ScoringServer config, int likeliest) =>
        new(new CompletionClient(_client, config, null) { Retrying = _retries.Add }, config, likeliest);
}
