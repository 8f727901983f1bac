using System.Text.Json.Nodes;
using Rlt.Tests.Evaluation.Serving;

namespace Rlt.Tests.Cli;

/// <summary>Models that think before they answer, end to end: templates that open the thought, switches, and where a turn ends.</summary>
public sealed class ThinkingCommandTests : IDisposable
{
    private const string Turns = "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}";

    private readonly CommandLine _rlt = new();

    public void Dispose() => _rlt.Dispose();

    [Theory]
    [InlineData("<think>", "</think>")]
    [InlineData("[THINK]", "[/THINK]")]
    public void Eval_TemplateOpensTheThought_ResponseWithoutItsEndIsNoAnswer(string open, string close)
    {
        Template(open);
        string[] responses = ["I try \\boxed{5}", $"I try \\boxed{{9}}{close}So \\boxed{{8}}", "7"];
        using var server = new TestServer((_, body) => Completion(responses[Array.FindIndex(["2 + 3?", "4 + 4?", "1 + 6?"], body["prompt"]!.GetValue<string>().Contains)]));
        string[] eval = ["eval", "--model", "m", "--url", server.Url, "--data", "@data.jsonl", "--set", "server.api=completions", "--set", $"server.tokenizer={_rlt["model"]}"];
        Assert.Equal(0, _rlt.Run([.. eval, "--out", "@run"]).Exit);
        Assert.Equal([null, "8", null], _rlt.Rows("run/results.jsonl").Select(row => row["extracted"]?.GetValue<string>()));
        Assert.Equal([open, open, open], _rlt.Rows("run/results.jsonl").Select(row => row["thought_opened"]!.GetValue<string>()));

        // Grading the results again comes to the same.
        Assert.Equal(0, _rlt.Run("grade", "--input", "@run/results.jsonl", "--output", "@again.jsonl").Exit);
        Assert.Equal([false, true, false], _rlt.Rows("again.jsonl").Select(row => row["correct"]!.GetValue<bool>()));

        Assert.Equal(0, _rlt.Run([.. eval, "--out", "@other", "--set", "thought_opened=false"]).Exit);
        Assert.Equal(["5", "8", "7"], _rlt.Rows("other/results.jsonl").Select(row => row["extracted"]?.GetValue<string>()));
    }

    [Fact]
    public void Eval_ServersChatOpensTheThought_IsToldAndSet()
    {
        string[] responses = ["I try \\boxed{5}", "I try \\boxed{9}</think>So \\boxed{8}", "<think>x</think>7"];
        using var server = new TestServer((_, body) => TestServer.Reply.Chat(
            responses[Array.FindIndex(["2 + 3?", "4 + 4?", "1 + 6?"], body["messages"]!.AsArray()[^1]!["content"]!.GetValue<string>().Contains)]));
        string[] eval = ["eval", "--model", "m", "--url", server.Url, "--data", "@data.jsonl"];
        Assert.Contains("1 responses close a thought that they do not open, and 1 have neither tag", _rlt.Run([.. eval, "--out", "@run"]).Errors, StringComparison.Ordinal);
        CommandResult set = _rlt.Run([.. eval, "--out", "@set", "--set", "thought_opened=true"]);
        Assert.DoesNotContain("neither tag", set.Errors, StringComparison.Ordinal);
        Assert.Equal([null, "8", "7"], _rlt.Rows("set/results.jsonl").Select(row => row["extracted"]?.GetValue<string>()));
    }

    [Fact]
    public void Eval_TemplateArgs_ReachTheTemplateAndTheServer()
    {
        Template("<think>{% endif %}{% if add_generation_prompt and enable_thinking is false %}{{ '</think>' }}{% endif %}{% if false %}");
        using var server = new TestServer((_, body) => body.ContainsKey("prompt") ? Completion("It is \\boxed{5}") : TestServer.Reply.Chat("It is \\boxed{5}"));
        string[] eval = ["eval", "--model", "m", "--url", server.Url, "--data", "@data.jsonl", "--set", "template_args.enable_thinking=False"];
        Assert.Equal(0, _rlt.Run([.. eval, "--out", "@chat"]).Exit);
        Assert.All(server.Requests, body => Assert.Equal("""{"enable_thinking":false}""", body["chat_template_kwargs"]!.ToJsonString()));
        int asked = server.Requests.Length;
        Assert.Equal(0, _rlt.Run([.. eval, "--out", "@text", "--set", "server.api=completions", "--set", $"server.tokenizer={_rlt["model"]}"]).Exit);
        Assert.All(server.Requests[asked..], body => Assert.EndsWith("<think></think>", body["prompt"]!.GetValue<string>(), StringComparison.Ordinal));
        Assert.Equal(["5", "5", "5"], _rlt.Rows("text/results.jsonl").Select(row => row["extracted"]?.GetValue<string>()));
        Assert.Contains("template_args:\n  enable_thinking: false", File.ReadAllText(_rlt["text/config.yaml"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("eval")]
    [InlineData("collect")]
    [InlineData("train-teacher", "teacher")]
    public void Run_TemplateArgsThatTheTemplateDoesNotRead_AreToldOf(string command, string? config = null)
    {
        CommandResult result = _rlt.Run(command, "--config", $"@{config ?? command}.yaml", "--set", "template_args={enable_thinking: false}");
        Assert.Equal(0, result.Exit);
        Assert.Contains($"template_args.enable_thinking does nothing: the chat template of {_rlt["model"]} does not read it", result.Errors, StringComparison.Ordinal);
        CommandResult refused = _rlt.Run(command, "--config", $"@{config ?? command}.yaml", "--out", "@none", "--set", "template_args.messages=[]");
        Assert.Equal((2, "--set template_args.messages=[]: template_args.messages is set by every prompt itself; expected variables of the template's own, such as enable_thinking"), (refused.Exit, refused.Message));
    }

    [Fact]
    public void TrainSolver_TemplateOpensTheThought_CutThoughtsAreNotRewarded()
    {
        Template("<think>");
        _rlt.Write("same.jsonl", "{\"question\": \"say 5\", \"answer\": \"5\"}\n");
        string[] train = ["train-solver", "--model", "@model", "--data", "@same.jsonl", "--set", "steps=1", "--set", "questions_per_step=1", "--set", "group_size=4", "--set", "max_new_tokens=3", "--set", "optimizer.learning_rate=1e-6", "--set", "save_every=0"];
        _rlt.Write("solver.yaml", "{}");
        Assert.Equal(0, _rlt.Run([.. train, "--config", "@solver.yaml", "--out", "@run"]).Exit);
        Assert.All(_rlt.Rows("run/samples.jsonl"), row => Assert.Null(row["extracted"]));
    }

    [Theory]
    [InlineData("""{"answer": "5", "response": "well, \\boxed{5}", "prompt": "2 + 3?\n<think>\n"}""", false)]
    [InlineData("""{"answer": "5", "response": "well, \\boxed{6}</think>\\boxed{5}", "prompt": "2 + 3?\n<think>\n"}""", true)]
    [InlineData("""{"answer": "5", "response": "well, \\boxed{5}", "prompt": "2 + 3?"}""", true)]
    [InlineData("""{"answer": "5", "response": "well, \\boxed{5}", "thought_opened": true}""", false)]
    [InlineData("""{"answer": "5", "response": "well, \\boxed{5}", "thought_opened": "[THINK]"}""", false)]
    [InlineData("""{"answer": "5", "response": "well, \\boxed{5}", "thought_opened": false}""", true)]
    public void Grade_PromptOrSettingOpensTheThought_CutOnesAreNoAnswer(string row, bool correct)
    {
        _rlt.Write("in.jsonl", row);
        Assert.Equal(0, _rlt.Run("grade", "--input", "@in.jsonl", "--output", "@out.jsonl").Exit);
        Assert.Equal(correct, _rlt.Rows("out.jsonl")[0]["correct"]!.GetValue<bool>());
        Assert.Equal(0, _rlt.Run("grade", "--input", "@in.jsonl", "--output", "@out.jsonl", "--thought-opened").Exit);
        Assert.Equal(row.Contains("</think>", StringComparison.Ordinal) || row.Contains("false", StringComparison.Ordinal), _rlt.Rows("out.jsonl")[0]["correct"]!.GetValue<bool>());
    }

    [Fact]
    public void Grade_ThoughtOpenedByNoTag_IsRefused()
    {
        _rlt.Write("in.jsonl", """{"answer": "5", "response": "5", "thought_opened": "maybe"}""");
        CommandResult result = _rlt.Run("grade", "--input", "@in.jsonl", "--output", "@out.jsonl");
        Assert.Equal((2, $"{_rlt["in.jsonl"]}:1: 'thought_opened' is 'maybe'; expected true, false, or the tag that opened the thought, such as <think>."), (result.Exit, result.Message));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Warmup_TurnsEndInAnotherTokenThanTheEos_ModelStopsThere(bool lora)
    {
        // A base model: its EOS is <|endoftext|>, its template's turns end in <|im_end|>.
        foreach (string file in new[] { "config.json", "tokenizer_config.json" })
        {
            JsonObject config = Golden.Json(_rlt["model/" + file]);
            config[file == "config.json" ? "eos_token_id" : "eos_token"] = file == "config.json" ? JsonValue.Create(1020) : JsonValue.Create("<|endoftext|>");
            _rlt.Write("model/" + file, config.ToJsonString());
        }

        CommandResult result = _rlt.Run(["warmup", "--config", "@sft.yaml", .. lora ? new[] { "--set", "lora.rank=2" } : []]);
        Assert.Equal(0, result.Exit);
        Assert.Contains($"turns end in '<|im_end|>' (id 1022), which is no stop token of {_rlt["model"]}: the trained model's generation_config.json lists it as one", result.Errors, StringComparison.Ordinal);
        Assert.Equal("[1020,1022]", Golden.Json(_rlt["run/model/generation_config.json"])["eos_token_id"]!.ToJsonString());
        Assert.Equal([1020, 1022], Rlt.Models.ModelText.Load(_rlt["run/model"]).StopIds);
    }

    [Fact]
    public void Warmup_TurnsEndInTheEos_SaysAndWritesNothing()
    {
        CommandResult result = _rlt.Run("warmup", "--config", "@sft.yaml");
        Assert.Equal(0, result.Exit);
        Assert.DoesNotContain("turns end", result.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(_rlt["run/model/generation_config.json"]));
    }

    private static TestServer.Reply Completion(string text) =>
        TestServer.Reply.Of(200, new JsonObject { ["choices"] = new JsonArray(new JsonObject { ["text"] = text, ["finish_reason"] = "stop" }) }.ToJsonString());

    private void Template(string opening) => _rlt.Write(
        "model/tokenizer_config.json", new JsonObject { ["eos_token"] = "<|im_end|>", ["chat_template"] = Turns + opening + "{% endif %}" }.ToJsonString());
}
