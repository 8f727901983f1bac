using System.Globalization;
using System.Text.Json.Nodes;
using Rlt.Configuration;
using Rlt.Data;
using Rlt.Evaluation;
using Rlt.Evaluation.Questions;
using Rlt.Evaluation.Serving;
using Rlt.Runs;
using Rlt.Servers;
using Rlt.Teaching;
using Rlt.Tests.Data;

namespace Rlt.Tests.Evaluation.Serving;

/// <summary>Servers that fail, send garbage or stop: nothing that was answered is lost.</summary>
public sealed class ServerAnswersTests : IDisposable
{
    private const int Questions = 20;

    private readonly ScratchDirectory _scratch = new();
    private readonly HttpClient _client = new();

    public void Dispose()
    {
        _client.Dispose();
        _scratch.Dispose();
    }

    [Fact]
    public void Run_ServerFailsAFifth_GivesTheSameAsAGoodOne()
    {
        using var good = new TestServer((_, body) => Right(body));
        using var bad = new TestServer((number, body) => number % 5 == 1 ? TestServer.Reply.Of(500, "overloaded") : Right(body));
        Run("good", good);
        Run("bad", bad);
        Assert.Equal(Questions * 2, good.Requests.Length);
        Assert.True(bad.Requests.Length > Questions * 2);
        Assert.Equal(File.ReadAllText(_scratch["good/results.jsonl"]), File.ReadAllText(_scratch["bad/results.jsonl"]));
        Assert.Equal(File.ReadAllText(_scratch["good/summary.json"]), File.ReadAllText(_scratch["bad/summary.json"]));
        Assert.Equal(0.5, Golden.Json(_scratch["bad/summary.json"])["accuracy"]!.GetValue<double>(), 1e-12);
    }

    [Theory]
    [InlineData("data: {\"choices\": [{\"delta\"")]
    [InlineData("")]
    [InlineData("{\"choices\": []}")]
    [InlineData("{\"choices\": [], \"choices\": []}")]
    [InlineData("null")]
    [InlineData("{\"choices\": [{\"message\": {\"content\": \"x\"}, \"finish_reason\": \"stop\"}], \"usage\": {\"completion_tokens\": 1e30}}")]
    [InlineData("[1, 2]")]
    [InlineData("{\"choices\": [{\"message\": {\"content\": 5}, \"finish_reason\": \"stop\"}]}")]
    [InlineData("{\"choices\": [{\"message\": {\"content\": \"cut in the mid")]
    [InlineData("\0\u0001<html>")]
    public void Run_ServerSendsGarbage_TriesAgain(string garbage)
    {
        using var server = new TestServer((number, body) => number % 4 == 0 ? TestServer.Reply.Of(200, garbage) : Right(body));
        JsonObject summary = Run("run", server);
        Assert.Equal(Questions, summary["questions"]!.GetValue<int>());
        Assert.Equal(0.5, summary["accuracy"]!.GetValue<double>(), 1e-12);
    }

    [Fact]
    public void Run_ServerTurnsToGarbage_KeepsWhatItHasAndGoesOnWithAnother()
    {
        using var good = new TestServer((_, body) => Right(body));
        JsonObject whole = Run("whole", good);
        using var dying = new TestServer((number, body) => number < 15 ? Right(body) : TestServer.Reply.Of(200, "\u0000garbage"));
        string message = Assert.Throws<RunFailedException>(() => Run("run", dying, retries: 1)).Message;
        Assert.Contains("What was answered is kept, and the same command asks for the rest. Last: question 'q", message, StringComparison.Ordinal);
        Assert.Contains("an answer that is no completion:  garbage", message, StringComparison.Ordinal);
        int kept = JsonLines.Read(_scratch["run/results.jsonl"]).Count();
        Assert.InRange(kept, 12, 15);
        Assert.False(File.Exists(_scratch["run/summary.json"]));

        int before = good.Requests.Length;
        Assert.Equal(whole.ToJsonString(), Run("run", good).ToJsonString());
        Assert.Equal((Questions * 2) - kept, good.Requests.Length - before);
        Assert.Equal(File.ReadAllText(_scratch["whole/results.jsonl"]), File.ReadAllText(_scratch["run/results.jsonl"]));
    }

    [Fact]
    public void Run_StoppedAndResumed_AsksOnlyForTheRest()
    {
        using var stop = new CancellationTokenSource();
        using var server = new TestServer((_, body) => Right(body));
        Assert.ThrowsAny<OperationCanceledException>(() => Run("run", server, progress: done => StopAt(done, 5, stop), stop: stop.Token));
        int kept = JsonLines.Read(_scratch["run/results.jsonl"]).Count(), before = server.Requests.Length;
        Run("run", server);
        Assert.Equal((Questions * 2) - kept, server.Requests.Length - before);
        Assert.Equal(Questions * 2, JsonLines.Read(_scratch["run/results.jsonl"]).Count());
    }

    [Fact]
    public void Run_SomeQuestionsFiltered_CompletesWithoutAnswersForThem()
    {
        using var server = new TestServer((_, body) => body["messages"]!.AsArray()[^1]!["content"]!.GetValue<string>() switch
        {
            "0?" => TestServer.Reply.Of(400, """{"error": {"code": "content_filter"}}"""),
            "2?" => TestServer.Reply.Of(200, """{"choices": [{"message": {"content": "\\boxed{2}"}, "finish_reason": "content_filter"}], "usage": {"completion_tokens": 0}}"""),
            _ => Right(body),
        });
        JsonObject summary = Run("run", server);
        Assert.Equal(0.1, summary["no_answer"]!.GetValue<double>(), 1e-12);
        Assert.Equal(0.4, summary["accuracy"]!.GetValue<double>(), 1e-12);
        JsonObject[] refused = [.. JsonLines.Read(_scratch["run/results.jsonl"]).Select(row => row.Fields).Where(row => row["finish_reason"]!.GetValue<string>() == "content_filter")];
        Assert.Equal(["q0", "q0", "q2", "q2"], refused.Select(row => row["id"]!.GetValue<string>()));
        Assert.All(refused, row => Assert.True(row["extracted"] is null && !row["correct"]!.GetValue<bool>()));
    }

    [Fact]
    public void Run_WrongAddress_StopsAtOnce()
    {
        using var server = new TestServer((_, _) => TestServer.Reply.Of(404, "The model `m` does not exist."));
        Assert.Contains("HTTP 404: The model `m` does not exist.", Assert.Throws<RunFailedException>(() => Run("run", server, retries: 5)).Message, StringComparison.Ordinal);
        Assert.InRange(server.Requests.Length, 1, 4);
    }

    [Fact]
    public void Run_NoAnswerInTime_IsToldAsSuch()
    {
        using var server = new TestServer((_, body) =>
        {
            Thread.Sleep(500);
            return Right(body);
        });
        Assert.Contains("no answer within 0.05 s (server.timeout_seconds)", Assert.Throws<RunFailedException>(() => Run("run", server, retries: 0, timeout: 0.05)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_ManyQuestions_AsksAtMostSoManyAtOnceWithSeedsOfTheirOwn()
    {
        using var second = new ManualResetEventSlim();
        using var server = new TestServer((number, body) =>
        {
            // The first answer waits for another request to be under way.
            _ = number == 0 ? second.Wait(TimeSpan.FromSeconds(30)) : Set(second);
            return Right(body);
        });
        Run("run", server);
        Assert.InRange(server.MostAtOnce, 2, 3);
        Assert.Equal(Questions * 2, server.Requests.Select(body => body["seed"]!.GetValue<int>()).Distinct().Count());
        JsonObject first = server.Requests[0];
        Assert.Equal(("m", 0.6, 0.95, 77), (first["model"]!.GetValue<string>(), first["temperature"]!.GetValue<double>(), first["top_p"]!.GetValue<double>(), first["max_tokens"]!.GetValue<int>()));
        Assert.Equal(["system", "user"], first["messages"]!.AsArray().Select(message => message!["role"]!.GetValue<string>()));
        Assert.Equal(["/v1/chat/completions"], server.Paths);
    }

    [Fact]
    public void Run_ServerTellsNoLengths_SummaryHasNone()
    {
        using var server = new TestServer((_, _) => TestServer.Reply.Of(200, """{"choices": [{"message": {"content": "It is 4"}, "finish_reason": "stop"}]}"""));
        JsonObject summary = Run("run", server);
        Assert.Null(summary["mean_tokens"]);
        Assert.Equal(1.0 / Questions, summary["accuracy"]!.GetValue<double>(), 1e-12);
        Assert.Contains("| mean tokens          | not told by the server |", EvalSummary.Table(summary), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(30, false)]
    [InlineData(30, true)]
    public async Task Ask_BusyServer_SaysHowLongToWait(int wait, bool asDate)
    {
        string header = asDate ? DateTimeOffset.UtcNow.AddSeconds(wait).ToString("R", CultureInfo.InvariantCulture) : wait.ToString(CultureInfo.InvariantCulture);
        using var server = new TestServer((_, _) => TestServer.Reply.Of(429, "busy") with { RetryAfter = header });
        var client = new CompletionClient(_client, new ServerConfig { Url = server.Url, Retries = 0 }, null);
        ServerException refused = await Assert.ThrowsAsync<ServerException>(() => client.AskAsync([], default));
        Assert.True(refused.MayPass);
        Assert.InRange(refused.WaitSeconds, wait - 10, wait);
    }

    [Fact]
    public async Task Ask_ReasoningModel_ThoughtStandsInItsTags()
    {
        using var server = new TestServer((number, _) => TestServer.Reply.Of(200, number == 0
            ? """{"choices": [{"message": {"content": "so 4", "reasoning_content": "2 + 2"}, "finish_reason": "stop"}], "usage": {"completion_tokens": 9}}"""
            : """{"choices": [{"message": {"content": null, "reasoning_content": "2 +"}, "finish_reason": "length"}], "usage": {"completion_tokens": 3}}"""));
        var client = new CompletionClient(_client, new ServerConfig { Url = server.Url }, null);
        Assert.Equal(new Completion("<think>\n2 + 2\n</think>\n\nso 4", false, 9), await client.AskAsync([], default));
        Assert.Equal(new Completion("<think>\n2 +\n", true, 3), await client.AskAsync([], default));
    }

    // Even questions get their number, odd ones another; what a request is answered depends on its question alone.
    private static TestServer.Reply Right(JsonObject body)
    {
        string prompt = body["messages"]!.AsArray()[^1]!["content"]!.GetValue<string>();
        int number = int.Parse(prompt.TrimEnd('?'), System.Globalization.CultureInfo.InvariantCulture);
        return TestServer.Reply.Chat($"It is \\boxed{{{(number % 2 == 0 ? number : -1)}}}");
    }

    private static bool Set(ManualResetEventSlim signal)
    {
        signal.Set();
        return true;
    }

    private static void StopAt(int done, int at, CancellationTokenSource stop)
    {
        if (done >= at)
        {
            stop.Cancel();
        }
    }

    private JsonObject Run(string name, TestServer server, int retries = 20, double timeout = 30, Action<int>? progress = null, CancellationToken stop = default)
    {
        var config = new EvalConfig
        {
            Model = "m",
            Data = "d",
            Out = "o",
            Samples = 2,
            Temperature = 0.6,
            TopP = 0.95,
            MaxNewTokens = 77,
            Server = new ServerConfig { Url = server.Url, Concurrency = 3, Retries = retries, RetrySeconds = 0.001, TimeoutSeconds = timeout },
        };
        var sampling = EvalSampling.Of(config, BenchmarkDefinition.Plain);
        EvalQuestion[] questions = [.. Enumerable.Range(0, Questions).Select(i => new EvalQuestion(new TeachingTask($"{i}?", ""), $"{i}") { Id = $"q{i}", System = "think" })];
        var source = new ServerAnswers(config, sampling, null, new CompletionClient(_client, config.Server, null));
        using RunFolder folder = RunFolder.Open(_scratch[name], ConfigWriter.ToYaml(config.Resolved(sampling))).Begin();
        return new Evaluator(config, sampling, BenchmarkDefinition.Plain, questions, source).Run(folder, (done, _) => progress?.Invoke(done), stop);
    }
}
