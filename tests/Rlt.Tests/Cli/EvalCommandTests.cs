using System.Text.Json.Nodes;
using Rlt.Tests.Evaluation.Serving;

namespace Rlt.Tests.Cli;

/// <summary>eval on benchmarks and servers, and eval compare, end to end.</summary>
public sealed class EvalCommandTests : IDisposable
{
    private readonly CommandLine _rlt = new();

    public void Dispose() => _rlt.Dispose();

    [Fact]
    public void Eval_BenchmarkByNameWithoutConfig_UsesItsPromptAndDefaults()
    {
        CommandResult result = _rlt.Run("eval", "--benchmark", "math500", "--model", "@model", "--data", "@data.jsonl", "--out", "@run", "--max-new-tokens", "4", "--threads", "1");
        Assert.Equal(0, result.Exit);
        Assert.Contains("3 questions; math500 has 500", result.Errors, StringComparison.Ordinal);
        JsonObject row = _rlt.Rows("run/results.jsonl")[0];
        Assert.Equal("Return your final response within \\boxed{}. 2 + 3?", row["prompt"]!.GetValue<string>());
        Assert.Equal("1", row["id"]!.GetValue<string>());
        JsonObject summary = Golden.Json(_rlt["run/summary.json"]);
        Assert.Equal(("math500", "strict", 4), (summary["benchmark"]!.GetValue<string>(), summary["protocol"]!.GetValue<string>(), summary["max_new_tokens"]!.GetValue<int>()));
        Assert.Contains("max_new_tokens: 4", File.ReadAllText(_rlt["run/config.yaml"]), StringComparison.Ordinal);
        Assert.StartsWith("<!doctype html>", File.ReadAllText(_rlt["run/failures.html"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Eval_BaseModelAndLongQuestions_AsksThePlainTextAndCountsTheRestAsTruncated()
    {
        TinyDirectory.Write(_rlt["base"], context: 40, withTemplate: false);
        _rlt.Write("mixed.jsonl", $$"""{"question": "2 + 3?", "answer": 5, "id": "short"}{{"\n"}}{"question": "{{string.Concat(Enumerable.Repeat("1 + ", 60))}}1?", "answer": 61, "id": "long"}{{"\n"}}""");
        CommandResult result = _rlt.Run("eval", "--model", "@base", "--data", "@mixed.jsonl", "--out", "@run", "--max-new-tokens", "4", "--threads", "1");
        Assert.Equal(0, result.Exit);
        Assert.Contains($"warning: {_rlt["base"]}: no chat template; questions are asked as plain text", result.Errors, StringComparison.Ordinal);
        Assert.Contains($"warning: 1 of 2 questions do not fit the 40 tokens of {_rlt["base"]} and count as truncated: long", result.Errors, StringComparison.Ordinal);
        JsonObject[] rows = _rlt.Rows("run/results.jsonl");
        Assert.Equal(["short", "long"], rows.Select(row => row["id"]!.GetValue<string>()));
        Assert.Equal((false, "length", 0, ""), (rows[1]["correct"]!.GetValue<bool>(), rows[1]["finish_reason"]!.GetValue<string>(), rows[1]["tokens"]!.GetValue<int>(), rows[1]["response"]!.GetValue<string>()));
        Assert.InRange(rows[0]["tokens"]!.GetValue<int>(), 1, 4);

        CommandResult none = _rlt.Run("eval", "--model", "@base", "--data", "@mixed.jsonl", "--out", "@none", "--set", "system=" + string.Concat(Enumerable.Repeat("think ", 60)));
        Assert.Equal(2, none.Exit);
        Assert.StartsWith($"no question leaves room for an answer: {_rlt["base"]} takes 40 tokens, the first prompt has ", none.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Eval_KeyThatNoHeaderCanCarry_IsRefusedWithoutQuotingIt()
    {
        const string name = "OPENAI_API_KEY";
        string? before = Environment.GetEnvironmentVariable(name);
        try
        {
            Environment.SetEnvironmentVariable(name, "secret\nkey");
            CommandResult result = _rlt.Run("eval", "--config", "@eval.yaml", "--url", "http://127.0.0.1:1/v1");
            Assert.Equal((2, "OPENAI_API_KEY has a space, a line break or a letter that no header can carry; expected the key alone."), (result.Exit, result.Message));
        }
        finally
        {
            Environment.SetEnvironmentVariable(name, before);
        }
    }

    [Fact]
    public void Eval_HiddenBenchmark_WritesNoQuestionUnlessAsked()
    {
        _rlt.Write("gpqa.csv", "Question,Correct Answer,Incorrect Answer 1,Incorrect Answer 2,Incorrect Answer 3\nWhich zebra?,striped,spotted,plain,blue\nWhich giraffe?,tall,small,flat,round\n");
        using var server = new TestServer((_, _) => TestServer.Reply.Chat("Of striped, spotted, plain and blue zebras: \\boxed{A}"));
        string[] eval = ["eval", "--benchmark", "gpqa-diamond", "--model", "m", "--url", server.Url, "--data", "@gpqa.csv", "--samples", "2"];
        CommandResult hidden = _rlt.Run([.. eval, "--out", "@run"]);
        Assert.Equal(0, hidden.Exit);
        foreach (string text in Directory.GetFiles(_rlt["run"]).Select(File.ReadAllText).Append(hidden.Output + hidden.Errors))
        {
            Assert.DoesNotContain("zebra", text, StringComparison.Ordinal);
            Assert.DoesNotContain("striped", text, StringComparison.Ordinal);
        }

        Assert.Equal("A", _rlt.Rows("run/results.jsonl")[0]["extracted"]!.GetValue<string>());
        Assert.Equal(0, _rlt.Run([.. eval, "--out", "@shown", "--set", "show_questions=true"]).Exit);
        Assert.Contains("zebra", File.ReadAllText(_rlt["shown/results.jsonl"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Eval_ServerFails_ExitsThreeAndGoesOnAtAnotherAddress()
    {
        using var dead = new TestServer((_, _) => TestServer.Reply.Of(401, "no key"));
        using var alive = new TestServer((_, _) => TestServer.Reply.Chat("\\boxed{5}"));
        string[] eval = ["eval", "--config", "@eval.yaml", "--model", "m", "--out", "@run", "--url"];
        CommandResult failed = _rlt.Run([.. eval, dead.Url]);
        Assert.Equal(3, failed.Exit);
        Assert.Contains("HTTP 401: no key", failed.Errors, StringComparison.Ordinal);
        Assert.Equal(0, _rlt.Run([.. eval, alive.Url]).Exit);
        Assert.Equal(1.0 / 3, Golden.Json(_rlt["run/summary.json"])["accuracy"]!.GetValue<double>(), 1e-12);
    }

    [Fact]
    public void Eval_ClosedPort_EndsWithTwoAndSaysSoAtOnce()
    {
        string[] eval = ["eval", "--config", "@eval.yaml", "--model", "m", "--url", "http://127.0.0.1:1/v1"];
        var clock = System.Diagnostics.Stopwatch.StartNew();
        CommandResult result = _rlt.Run([.. eval, "--set", "server.wait=1"]);
        Assert.Equal(2, result.Exit);
        Assert.InRange(clock.Elapsed.TotalSeconds, 1, 20);
        string[] lines = [.. result.Errors.TrimEnd().Split('\n')];
        Assert.StartsWith("http://127.0.0.1:1/v1: Connection refused (127.0.0.1:1); not there yet, asked for 1 s more (server.wait; ", lines[1], StringComparison.Ordinal);
        Assert.EndsWith("so far in all)", lines[1], StringComparison.Ordinal);
        Assert.Equal("rlt: http://127.0.0.1:1/v1: Connection refused (127.0.0.1:1); no answer in 1 s. Is the server up, and the address right? "
            + "--set server.wait=600 waits ten minutes for one that is starting", lines[^1]);
        Assert.Single(lines, line => line.StartsWith("rlt: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Eval_ServerComesLate_IsWaitedFor()
    {
        using var free = new TestServer((_, _) => TestServer.Reply.Chat("\\boxed{5}"));
        string url = free.Url;
        free.Dispose();
        using var listener = new System.Net.HttpListener();
        listener.Prefixes.Add(url + "/");
        Task late = Task.Run(async () =>
        {
            await Task.Delay(1500);
            listener.Start();
            for (int i = 0; i < 3; i++)
            {
                System.Net.HttpListenerContext context = await listener.GetContextAsync();
                await context.Response.OutputStream.WriteAsync(TestServer.Reply.Chat("\\boxed{5}").Body);
                context.Response.Close();
            }
        });
        CommandResult result = _rlt.Run("eval", "--config", "@eval.yaml", "--model", "m", "--url", url, "--set", "server.wait=60");
        Assert.Equal(0, result.Exit);
        Assert.Contains("; not there yet, asked for 60 s more (server.wait; ", result.Errors, StringComparison.Ordinal);
        await late;
    }

    [Fact]
    public void Eval_ServerIsBusyOnce_TheRepetitionIsSaid()
    {
        using var server = new TestServer((number, _) => number == 0 ? TestServer.Reply.Of(503, "busy") : TestServer.Reply.Chat("\\boxed{5}"));
        CommandResult result = _rlt.Run(
            "eval", "--config", "@eval.yaml", "--model", "m", "--url", server.Url, "--set", "server.retry_seconds=0.01", "--set", "server.concurrency=1");
        Assert.Equal(0, result.Exit);
        Assert.Contains($"{server.Url}: HTTP 503: busy; asked again in 0.01 s (1 of 8; 1 so far in all)\n", result.Errors, StringComparison.Ordinal);
        Assert.Contains("HTTP 503: busy", File.ReadAllText(_rlt["run/log.txt"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Eval_GoesOn_SaysWhatIsKeptAndCountsQuestions()
    {
        using var half = new TestServer((number, _) => number < 2 ? TestServer.Reply.Chat("\\boxed{5}") : TestServer.Reply.Of(401, "no key"));
        using var whole = new TestServer((_, _) => TestServer.Reply.Chat("\\boxed{5}"));
        string[] eval = ["eval", "--config", "@eval.yaml", "--model", "m", "--set", "server.concurrency=1", "--url"];
        CommandResult first = _rlt.Run([.. eval, half.Url]);
        Assert.Equal(3, first.Exit);
        Assert.Contains("eval: 3 questions\nquestion 1/3  accuracy ", first.Errors, StringComparison.Ordinal);
        CommandResult second = _rlt.Run([.. eval, whole.Url]);
        Assert.Equal(0, second.Exit);
        Assert.Contains("eval: going on after question 2 of 3\n2 of 3 answers are kept from before; the rest is asked for\nquestion 3/3 ", second.Errors, StringComparison.Ordinal);
        Assert.Contains(" s/question ", second.Errors, StringComparison.Ordinal);
        Assert.Single(whole.Requests);
    }

    [Fact]
    public void Eval_Completions_SendsTheRenderedPrompt()
    {
        using var server = new TestServer((_, _) => TestServer.Reply.Of(200, """{"choices": [{"text": "\\boxed{8}", "finish_reason": "stop"}], "usage": {"completion_tokens": 3}}"""));
        Assert.Equal(0, _rlt.Run("eval", "--config", "@eval.yaml", "--model", "m", "--url", server.Url, "--set", "server.api=completions", "--set", $"server.tokenizer={_rlt["model"]}", "--set", "server.concurrency=1").Exit);
        Assert.Equal("<|im_start|>user\n2 + 3?<|im_end|>\n<|im_start|>assistant\n", server.Requests[0]["prompt"]!.GetValue<string>());
        Assert.Equal(["/v1/completions"], server.Paths);
    }

    [Fact]
    public void Compare_TwoRuns_WritesTheTable()
    {
        foreach ((string name, string answer) in new[] { ("a", "5"), ("b", "8") })
        {
            using var server = new TestServer((_, _) => TestServer.Reply.Chat($"\\boxed{{{answer}}}"));
            Assert.Equal(0, _rlt.Run("eval", "--config", "@eval.yaml", "--model", "m", "--out", "@" + name, "--url", server.Url).Exit);
        }

        CommandResult result = _rlt.Run("eval", "compare", "@a", "@b");
        Assert.Equal((0, ""), (result.Exit, result.Errors));
        Assert.Contains("| data | 3 | 33.3% | 33.3% | 0.0 (", result.Output, StringComparison.Ordinal);
        Assert.Contains("data: gained 1 (2); lost 1 (1)", result.Output, StringComparison.Ordinal);
        Assert.Equal($"{_rlt["absent"]}: no finished run of eval (summary.json), nor a folder of such runs.", _rlt.Run("eval", "compare", "@a", "@absent").Message);
    }

    [Theory]
    [InlineData("data: missing; eval reads a file of questions. Set data, or give --data FILE (aime24: AI-MO/aimo-validation-aime on the Hugging Face Hub, the rows of 2024).", "--benchmark", "aime24")]
    [InlineData("benchmark: 'aime' is neither a file nor a shipped benchmark; expected a path, or one of aime24, aime25, amc, gpqa-diamond, gsm8k, math500, olympiadbench.", "--benchmark", "aime")]
    [InlineData("data: missing; eval reads a file of questions. Set data, or give --data FILE.", "--temperature", "1")]
    public void Eval_WhatIsMissing_IsSaid(string message, string option, string value)
    {
        CommandResult result = _rlt.Run("eval", "--model", "@model", "--out", "@run", option, value);
        Assert.Equal((2, message), (result.Exit, result.Message));
    }

    [Theory]
    [InlineData("server.url=localhost:8000", "server.url is 'localhost:8000'; expected an address such as http://localhost:8000/v1")]
    [InlineData("protocol=loose", "protocol")]
    public void Eval_BadSetting_IsRefused(string setting, string message)
    {
        CommandResult result = _rlt.Run("eval", "--config", "@eval.yaml", "--set", setting);
        Assert.Equal(2, result.Exit);
        Assert.Contains(message, result.Message, StringComparison.Ordinal);
    }
}
