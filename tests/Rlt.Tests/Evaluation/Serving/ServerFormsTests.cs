using System.Text.Json.Nodes;
using Rlt.Configuration;
using Rlt.Evaluation;
using Rlt.Evaluation.Serving;
using Rlt.Servers;

namespace Rlt.Tests.Evaluation.Serving;

/// <summary>Answers and refusals as servers other than OpenAI's send them.</summary>
public sealed class ServerFormsTests : IDisposable
{
    private readonly HttpClient _client = new();

    public void Dispose() => _client.Dispose();

    [Theory]
    [InlineData("""{"finish_reason": "content_filter", "message": {"content": null}}""", "", "content_filter")]
    [InlineData("""{"finish_reason": "content_filter", "message": {"content": "It is \\boxed{4"}}""", "It is \\boxed{4", "content_filter")]
    [InlineData("""{"finish_reason": "content_filter: SAFETY", "message": {"content": ""}}""", "", "content_filter")]
    [InlineData("""{"finish_reason": "SAFETY", "message": {}}""", "", "content_filter")]
    [InlineData("""{"finish_reason": "stop", "message": {"content": null, "refusal": "I cannot help."}}""", "I cannot help.", "refusal")]
    [InlineData("""{"finish_reason": "stop", "message": {"content": [{"type": "refusal", "refusal": "No."}]}}""", "No.", "refusal")]
    [InlineData("""{"finish_reason": "refusal", "message": {"content": "I would rather not"}}""", "I would rather not", "refusal")]
    [InlineData("""{"finish_reason": "tool_calls", "message": {"content": null}}""", "", "no_content")]
    [InlineData("""{"finish_reason": "stop", "message": {"content": "It is 4", "refusal": null}}""", "It is 4", null)]
    public async Task Ask_RefusedSample_SaysWhy(string choice, string text, string? refusal) =>
        Assert.Equal(new Completion(text, false, 2) { Refusal = refusal }, await AskAsync(choice, tokens: 2));

    [Theory]
    [InlineData(400, """{"error": {"code": "content_filter", "message": "filtered"}}""")]
    [InlineData(400, """{"error": {"message": "The response was filtered due to the prompt triggering Azure OpenAI's content management policy."}}""")]
    [InlineData(400, """{"error": {"type": "invalid_request_error", "message": "Content Exists Risk"}}""")]
    [InlineData(400, """{"code": "DataInspectionFailed", "message": "Input data may contain inappropriate content."}""")]
    [InlineData(403, """{"error": {"code": "moderation_blocked"}}""")]
    [InlineData(200, """{"error": {"code": "content_policy_violation", "message": "no"}}""")]
    public async Task Ask_QuestionRefusedForItsContent_IsNoAnswerAndNotAskedAgain(int status, string body)
    {
        using var server = new TestServer((_, _) => TestServer.Reply.Of(status, body));
        Assert.Equal(new Completion("", false, null) { Refusal = "content_filter" }, await Client(server).AskAsync([], default));
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData(400, """{"error": {"message": "temperature is out of range"}}""")]
    [InlineData(403, """{"error": {"message": "Your account was flagged by our usage policies"}}""")]
    [InlineData(200, """{"error": {"message": "overloaded"}}""")]
    public async Task Ask_OtherRefusals_AreErrors(int status, string body)
    {
        using var server = new TestServer((_, _) => TestServer.Reply.Of(status, body));
        await Assert.ThrowsAsync<ServerException>(() => Client(server).AskAsync([], default));
    }

    [Theory]
    [InlineData("length", 3, true)]
    [InlineData("max_tokens", 3, true)]
    [InlineData("MAX_TOKENS", 3, true)]
    [InlineData("model_length", 3, true)]
    [InlineData("stop", 7, true)]
    [InlineData("stop", 6, false)]
    [InlineData("end_turn", 3, false)]
    [InlineData("eos", 3, false)]
    public async Task Ask_ReasonsToFinish_TellWhatWasCut(string reason, int tokens, bool isCut)
    {
        using var server = new TestServer((_, _) => TestServer.Reply.Chat("so 3 and 4", reason, tokens));
        Assert.Equal(new Completion("so 3 and 4", isCut, tokens), await Client(server).AskAsync(new JsonObject { ["max_tokens"] = 7 }, default));
    }

    [Theory]
    [InlineData("""{"content": [{"type": "text", "text": "It "}, {"type": "text", "text": "is 4"}]}""", "It is 4")]
    [InlineData("""{"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "2 + 2"}]}, {"type": "text", "text": "so 4"}]}""", "<think>\n2 + 2\n</think>\n\nso 4")]
    [InlineData("""{"content": [{"type": "thinking", "thinking": "2 + 2", "signature": "x"}, {"type": "reference", "reference_ids": [1]}, "so 4"]}""", "<think>\n2 + 2\n</think>\n\nso 4")]
    [InlineData("""{"content": [{"type": "reasoning", "summary": [{"type": "summary_text", "text": "2 + 2"}]}, {"type": "output_text", "text": "so 4"}]}""", "<think>\n2 + 2\n</think>\n\nso 4")]
    [InlineData("""{"content": "so 4", "reasoning": [{"type": "text", "text": "2 + 2"}]}""", "<think>\n2 + 2\n</think>\n\nso 4")]
    [InlineData("""{"content": "so 4", "thinking": "2 + 2"}""", "<think>\n2 + 2\n</think>\n\nso 4")]
    [InlineData("""{"content": "so 4", "reasoning_details": [{"type": "reasoning.text", "text": "2 + 2"}]}""", "<think>\n2 + 2\n</think>\n\nso 4")]
    public async Task Ask_ContentInParts_ThoughtStandsBeforeTheText(string message, string text) =>
        Assert.Equal(new Completion(text, false, 2), await AskAsync($$"""{"finish_reason": "stop", "message": {{message}}}""", tokens: 2));

    [Theory]
    [InlineData("""{"choices": [], "usage": {"completion_tokens": 0}}""", "", null, "no_content")]
    [InlineData("""{"choices": [{"finish_reason": null, "message": {"content": "It is 4"}}]}""", "It is 4", null, null)]
    [InlineData("""{"choices": [{"finish_reason": "stop", "message": {"content": "\\ud83d \ud83d It is 4 \ud83d\ude00"}}]}""", "\\ud83d \ufffd It is 4 \ud83d\ude00", null, null)]
    [InlineData("""{"choices": [{"finish_reason": "stop", "logprobs": [NaN, -Infinity], "message": {"content": "It is 4"}}]}""", "It is 4", null, null)]
    [InlineData("""{"choices": [{"finish_reason": "stop", "message": {"content": "<think>\n2 + 2\n</think>\n4", "reasoning": "2 + 2"}}]}""", "<think>\n2 + 2\n</think>\n4", null, null)]
    public async Task Ask_AnswersBesideTheForm_AreRead(string body, string text, int? tokens, string? refusal)
    {
        using var server = new TestServer((_, _) => TestServer.Reply.Of(200, body));
        Assert.Equal(new Completion(text, false, tokens) { Refusal = refusal }, await Client(server).AskAsync([], default));
    }

    [Fact]
    public async Task Ask_FieldThatIsNotTaken_SaysHowToLeaveItOut()
    {
        using var server = new TestServer((_, _) => TestServer.Reply.Of(400, """{"error": {"message": "no", "param": "temperature", "code": "unsupported_value"}}"""));
        ServerException error = await Assert.ThrowsAsync<ServerException>(() => Client(server).AskAsync([], default));
        Assert.EndsWith("Leave the field out: --set 'server.body={temperature: null}'.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ask_ThoughtInPartsCutOff_StaysOpen() => Assert.Equal(
        new Completion("<think>\n2 +\n", true, 2),
        await AskAsync("""{"finish_reason": "length", "message": {"content": [{"type": "thinking", "thinking": "2 +"}]}}""", tokens: 2));

    [Fact]
    public async Task Ask_ServerThatWantsTheOtherLimit_IsAskedWithItFromThenOn()
    {
        using var server = new TestServer((_, body) => body.ContainsKey("max_tokens")
            ? TestServer.Reply.Of(400, """{"error": {"message": "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", "param": "max_tokens"}}""")
            : TestServer.Reply.Chat("It is 4", tokens: 9));
        CompletionClient client = Client(server);
        var body = new JsonObject { ["max_tokens"] = 9, ["seed"] = 1 };
        Assert.Equal(new Completion("It is 4", true, 9), await client.AskAsync(body, default));
        await client.AskAsync(body, default);
        Assert.Equal(["max_tokens", "max_completion_tokens", "max_completion_tokens"], server.Requests.Select(sent => sent.Single(field => field.Key.StartsWith("max", StringComparison.Ordinal)).Key));
        Assert.All(server.Requests, sent => Assert.Equal(1, (int)sent["seed"]!));
    }

    [Fact]
    public async Task Ask_ServerThatRefusesBothLimits_SaysSoOnce()
    {
        using var server = new TestServer((_, _) => TestServer.Reply.Of(400, "no max_completion_tokens here"));
        Assert.Equal("HTTP 400: no max_completion_tokens here", (await Assert.ThrowsAsync<ServerException>(() => Client(server).AskAsync(new JsonObject { ["max_tokens"] = 9 }, default))).Message);
        Assert.Equal(2, server.Requests.Length);
    }

    [Theory]
    [InlineData("This model's maximum context length is 4096 tokens. However, you requested 5000 tokens")]
    [InlineData("'max_tokens' or 'max_completion_tokens' is too large: 9. This model's maximum context length is 8 tokens")]
    [InlineData("The input (900 tokens) is longer than the model's context length (512 tokens)")]
    public async Task Ask_ContextTooShort_SaysWhatToDo(string words)
    {
        using var server = new TestServer((_, _) => TestServer.Reply.Of(400, words));
        var error = await Assert.ThrowsAsync<ServerException>(() => Client(server).AskAsync(new JsonObject { ["max_tokens"] = 9 }, default));
        Assert.Equal($"HTTP 400: {words} Question and response do not fit the model's context: lower --max-new-tokens, now 9, or serve the model with a longer one.", error.Message);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Ask_BodyOfTheConfig_AddsAndLeavesOutFields()
    {
        EvalConfig config = ConfigLoader.Load<EvalConfig>(null, ["model=m", "data=d", "out=o", "server.body={top_k: 20, seed: null, reasoning: {effort: low}}", "server.body.min_p=0.1"]);
        using var server = new TestServer((_, _) => TestServer.Reply.Chat("4"));
        var client = new CompletionClient(_client, config.Server with { Url = server.Url }, null);
        await client.AskAsync(new JsonObject { ["seed"] = 5, ["top_p"] = 0.9 }, default);
        Assert.Equal("""{"top_p":0.9,"top_k":20,"reasoning":{"effort":"low"},"min_p":0.1}""", server.Requests[0].ToJsonString());
    }

    [Theory]
    [InlineData("server.body={stream: true}", "server.body.stream is a field that every request sets itself; expected others, such as top_k")]
    [InlineData("server.body={temperature: 1}", "server.body.temperature has a setting of its own; expected null here, which leaves the field out of the requests")]
    public void Load_BodyWithFieldsOfOurs_IsRefused(string setting, string message) =>
        Assert.Contains(message, Assert.Throws<ConfigException>(() => ConfigLoader.Load<EvalConfig>(null, ["model=m", "data=d", "out=o", setting])).Message, StringComparison.Ordinal);

    private CompletionClient Client(TestServer server) => new(_client, new ServerConfig { Url = server.Url, Retries = 0 }, null);

    private async Task<Completion> AskAsync(string choice, int tokens)
    {
        using var server = new TestServer((_, _) => TestServer.Reply.Of(200, $$"""{"choices": [{{choice}}], "usage": {"completion_tokens": {{tokens}} } }"""));
        return await Client(server).AskAsync([], default);
    }
}
