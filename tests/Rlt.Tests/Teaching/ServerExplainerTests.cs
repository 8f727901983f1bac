using System.Text.Json.Nodes;
using Rlt.Models;
using Rlt.Servers;
using Rlt.Teaching;
using Rlt.Teaching.Collection;
using Rlt.Tests.Data;
using Rlt.Tests.Evaluation.Serving;

namespace Rlt.Tests.Teaching;

/// <summary>Servers that tell of stop texts, that cut them off in silence, and that fail.</summary>
public sealed class ServerExplainerTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly HttpClient _client = new();

    public void Dispose()
    {
        _client.Dispose();
        _scratch.Dispose();
    }

    [Theory]
    [InlineData("""{"text": "so</e>", "finish_reason": "stop"}""", "so</e>")]
    [InlineData("""{"text": "so</e> and on", "finish_reason": "stop"}""", "so</e>")]
    [InlineData("""{"text": "so", "finish_reason": "stop", "stop_reason": "</e>"}""", "so</e>")]
    [InlineData("""{"text": "so", "finish_reason": "stop", "matched_stop": "</e>"}""", "so</e>")]
    [InlineData("""{"text": "so", "finish_reason": "stop", "stop_reason": null}""", "so")]
    [InlineData("""{"text": "so", "finish_reason": "length"}""", "so")]
    [InlineData("""{"text": "", "finish_reason": "content_filter"}""", "")]
    public void Explain_ReadsWhereTheExplanationEnds(string choice, string expected)
    {
        using var server = new TestServer((_, _) => Reply(choice));
        IReadOnlyList<Explanation> explanations = Explain(server, samples: 3);
        Assert.All(explanations, explanation => Assert.Equal(expected, explanation.Text));
        Assert.Equal(3, server.Requests.Length);
        Assert.Equal(["/v1/completions"], server.Paths);
        Assert.Equal(3, server.Requests.Select(request => (int)request["seed"]!).Distinct().Count());
        Assert.All(server.Requests, request =>
        {
            Assert.Equal(("teacher", "</e>"), ((string)request["model"]!, (string)request["stop"]![0]!));
            Assert.EndsWith("<s>4</s>\n<e>\n", (string)request["prompt"]!, StringComparison.Ordinal);
        });
    }

    /// <summary>A server that cuts the tag off and does not say so is asked again, and from then on without it.</summary>
    [Fact]
    public void Explain_ServerHidesStops_IsAskedWithoutThem()
    {
        using var server = new TestServer((_, body) => Reply($$"""{"text": "so{{(body.ContainsKey("stop") ? "" : "</e> more")}}", "finish_reason": "stop"}"""));
        Assert.All(Explain(server, samples: 4, concurrency: 1), explanation => Assert.Equal("so</e>", explanation.Text));
        Assert.Equal([true, false, false, false, false], server.Requests.Select(request => request.ContainsKey("stop")));
    }

    [Fact]
    public void Explain_ServerFailsNowAndThen_IsAskedAgain()
    {
        using var server = new TestServer((number, _) => number % 2 == 0 ? TestServer.Reply.Of(503, "busy") : Reply("""{"text": "so</e>", "finish_reason": "stop"}"""));
        Assert.Equal(3, Explain(server, samples: 3, concurrency: 1).Count);
        Assert.Equal(6, server.Requests.Length);
    }

    [Fact]
    public void Explain_ServerRefuses_EndsTheRun()
    {
        using var server = new TestServer((_, _) => TestServer.Reply.Of(400, "no"));
        var error = Assert.Throws<RunFailedException>(() => Explain(server, samples: 1));
        Assert.Equal($"{server.Url}: HTTP 400: no. The blocks before are kept, and the same command goes on after them.", error.Message);
    }

    private static TestServer.Reply Reply(string choice) => TestServer.Reply.Of(200, $$"""{"choices": [{{choice}}], "usage": {"completion_tokens": 2} }""");

    private IReadOnlyList<Explanation> Explain(TestServer server, int samples, int concurrency = 8)
    {
        TinyDirectory.Write(_scratch["teacher"]);
        var teacher = ModelText.Load(_scratch["teacher"]);
        var config = new CollectConfig
        {
            Model = "unused", Data = "unused", Out = "unused", Samples = samples, MaxNewTokens = 20,
            Server = new TeacherServer { Url = server.Url, Model = "teacher", Concurrency = concurrency, RetrySeconds = 0.001 },
        };
        var format = TeachingFormat.ForOne(TinyDirectory.Format, teacher);
        return new ServerExplainer(config, teacher, format, new CompletionClient(_client, config.Server, null)).Explain([new TeachingTask("2 + 2?", "4")], 0, null);
    }
}
