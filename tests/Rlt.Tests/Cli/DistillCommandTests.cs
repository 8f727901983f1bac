using System.Text.Json.Nodes;
using Rlt.Models;
using Rlt.Serving;
using Rlt.Tests.Evaluation.Serving;

namespace Rlt.Tests.Cli;

/// <summary>rlt distill with method opd, and what it refuses before any model is loaded.</summary>
public sealed class DistillCommandTests : IDisposable
{
    private readonly CommandLine _rlt = new();

    public DistillCommandTests() => _rlt.Write("opd.yaml", "base: sft.yaml\nmethod: opd\nopd: {max_new_tokens: 5}\n");

    public void Dispose() => _rlt.Dispose();

    [Fact]
    public void Distill_Opd_MeasuresHeldOutAccuracyAndWritesAModel()
    {
        CommandResult result = Run("--teacher", "@student", "--set", $"validate={{data: {_rlt["data.jsonl"]}, every: 2, samples: 2}}");
        Assert.Equal(0, result.Exit);
        JsonObject[] rows = _rlt.Rows("run/metrics.jsonl");
        Assert.Equal([2, 3], rows.Where(row => row.ContainsKey("validation_correct")).Select(row => (int)row["step"]!));
        Assert.All(rows, row => Assert.True((double)row["divergence"]! > 0 && (double)row["seconds_teacher"]! > 0 && (double)row["seconds_sample"]! > 0));
        Assert.Equal(6, _rlt.Rows("run/samples.jsonl").Length);
        Assert.True(File.Exists(_rlt["run/model/model.safetensors"]));
        Assert.Contains("at most", result.Errors, StringComparison.Ordinal);
        Assert.Equal("distill", (string)JsonNode.Parse(_rlt.Run("plan", "--config", "@opd.yaml", "--set", $"opd.teacher.model={_rlt["student"]}", "--json").Output)!["command"]!);
    }

    /// <summary>The teacher behind rlt serve teaches what it teaches here, to rounding; the closing tag's token is renamed likewise.</summary>
    [Theory]
    [InlineData("opd.loss.top_k=5", "question", "PromptLogprobs")]
    [InlineData("opd.loss.top_k=5", "explanation", "Echo")]
    [InlineData("opd.loss.form=sampled", "solution", "Echo")]
    public async Task Distill_TeacherOfAServer_TeachesAsItDoesHere(string loss, string sees, string form)
    {
        string[] both = ["--set", loss, "--set", $"opd.teacher.sees={sees}", "--set", "opd.max_new_tokens=12"];
        Assert.Equal(0, Run(["--teacher", "@student", .. both]).Exit);
        using LanguageModel model = LanguageModel.Load(_rlt["student"], TinyDirectory.Device);
        await using CompletionServer server = await CompletionServer.StartAsync(
            model, new ServerOptions { Name = "tiny", Port = 0 }, TinyDirectory.Device.UseThreads, message => Assert.Fail(message));
        string words = form == "Echo" ? "echo" : "prompt_logprobs";
        CommandResult served = await Task.Run(() => Run(["--url", server.Url, "--set", $"opd.teacher.server.form={words}", "--out", "@served", .. both]));
        Assert.True(served.Exit == 0, served.Errors);
        Assert.All(_rlt.Rows("run/metrics.jsonl").Zip(_rlt.Rows("served/metrics.jsonl")), pair =>
        {
            foreach (string key in new[] { "divergence", "loss", "grad_norm", "compared" })
            {
                Assert.Equal((double)pair.First[key]!, (double)pair.Second[key]!, 1e-4 * (1 + Math.Abs((double)pair.First[key]!)));
            }
        });
        Assert.Equal(_rlt.Rows("run/samples.jsonl").Select(row => (string)row["completion"]!), _rlt.Rows("served/samples.jsonl").Select(row => (string)row["completion"]!));
    }

    [Fact]
    public void Distill_ServerWithoutLogProbs_IsRefusedBeforeAnyModelIsLoaded()
    {
        using var server = new TestServer((_, _) => TestServer.Reply.Of(200, """{"choices": [{"text": "x", "finish_reason": "length"}]}"""));
        File.Delete(_rlt["model/model.safetensors"]);
        Assert.Equal(
            $"{server.Url}: no log-probabilities of the given tokens (choices[0].prompt_logprobs); expected a server that scores given tokens: vLLM or rlt serve, "
                + "with server.form: prompt_logprobs, or one that knows echo with logprobs.",
            Refused("--url", server.Url, "--set", "opd.teacher.server.model=m", "--set", "opd.loss.top_k=5"));
    }

    [Theory]
    [InlineData("opd.temperature=1", "opd.loss.top_k is 0, but a server tells its likeliest tokens alone. Set it to 20 or fewer, or form: sampled")]
    [InlineData("opd.loss.top_k=5;opd.temperature=0.7", "opd.temperature is 0.7, but a server tells log-probabilities at temperature 1. Set it to 1")]
    [InlineData("opd.loss.top_k=5;opd.teacher.ema=0.1", "opd.teacher.ema is 0.1, but the teacher is a server's, which stays as it is. Leave out one of them")]
    [InlineData("opd.loss.top_k=5;opd.teacher.server.body={echo: true}", "opd.teacher.server.body.echo is a field that every request sets itself; expected others, such as top_k")]
    public void Distill_SettingsThatAServerCannotDo_AreRefused(string settings, string message) => Assert.Contains(
        message, Refused(["--url", "http://127.0.0.1:1/v1", .. settings.Split(';').SelectMany(setting => new[] { "--set", setting })]), StringComparison.Ordinal);

    [Fact]
    public void Distill_OpdWithoutSolutions_NeedsNoneWhereTheTeacherSeesTheQuestionAlone()
    {
        _rlt.Write("questions.jsonl", "{\"question\": \"2 + 3?\"}\n{\"question\": \"4 + 4?\"}\n");
        Assert.Equal(
            $"{_rlt["questions.jsonl"]}: 2 of 2 rows cannot be used (max_bad_rows allows 0.01 of all). Correct them, or name other columns in 'fields' or another format: "
                + $"{_rlt["questions.jsonl"]}:1: 'solution' is missing; expected a text. (opd.teacher.sees is solution; give rows with a solution, or set it to question.)",
            Refused("--data", "@questions.jsonl", "--set", "opd.teacher.sees=solution"));
        Assert.Equal(0, Run("--teacher", "@student", "--data", "@questions.jsonl", "--set", "steps=1").Exit);
    }

    [Fact]
    public void Distill_LmbdaWithoutTraces_IsRefused()
    {
        _rlt.Write("unexplained.jsonl", "{\"question\": \"2 + 3?\", \"solution\": \"5\"}\n");
        string message = Refused("--teacher", "@student", "--data", "@unexplained.jsonl", "--set", "opd.lmbda=0.5");
        Assert.EndsWith("(opd.lmbda is 0.5, so some steps are on given explanations; give rows with them, or set it to 1.)", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Distill_TeacherWithAnotherVocabulary_IsRefusedWithTheFirstTokenThatDiffers()
    {
        string file = Path.Combine(_rlt["student"], "tokenizer.json");
        JsonObject tokenizer = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        JsonObject added = tokenizer["added_tokens"]!.AsArray()[^1]!.AsObject();
        (int id, string token) = ((int)added["id"]!, (string)added["content"]!);
        added["content"] = "<|other|>";
        File.WriteAllText(file, tokenizer.ToJsonString());
        Assert.Equal(
            $"opd.teacher.model: {_rlt["student"]} has another vocabulary than {_rlt["model"]} (token {id} is '<|other|>' there, '{token}' here); a distribution is "
                + "learned over the same tokens. Choose a teacher of the student's family, or learn its traces (rlt collect or generate, then method: sft).",
            Refused("--teacher", "@student"));
    }

    [Fact]
    public void Distill_TopKOverTheVocabulary_IsRefused() => Assert.Equal(
        $"opd.loss.top_k: is 1025, more than the 1024 tokens of {_rlt["model"]}; expected fewer. Set it to 0 for all of them.",
        Refused("--teacher", "@student", "--set", "opd.loss.top_k=1025"));

    [Theory]
    [InlineData("opd.loss.beta=1.5", "opd.loss.beta is 1.5; expected a share from 0 to 1")]
    [InlineData("opd.loss.form=sampled;opd.loss.top_k=5", "opd.loss.top_k is 5, but the sampled token alone is compared. Set it to 0, or form: distribution")]
    [InlineData("opd.loss.form=sampled;opd.loss.beta=0", "opd.loss.beta is 0, but the sampled token tells the reverse KL alone. Set it to 1, or form: distribution")]
    [InlineData("opd.samples=3", "batch_size is 2, no multiple of the 3 samples of a question (opd.samples)")]
    [InlineData("opd.teacher.ema=0.1", "opd.teacher.ema is 0.1, but model names a teacher of its own, which stays as it is. Leave out one of them")]
    [InlineData("opd.teacher.sees=solution;opd.teacher.prompt=x", "opd.teacher.prompt lacks a place; expected a text with {question} and {solution}")]
    [InlineData("opd.temperature=0", "opd.temperature is 0; expected more than 0: the loss divides logits by it")]
    [InlineData("target=text", "target is text, but method opd trains a student. Leave it out")]
    [InlineData("weights=reward", "weights is reward, but method opd weighs its own answers alike. Leave it out, or set method: sft")]
    [InlineData("format=null", "format is missing; method opd needs one")]
    [InlineData("method=sft", "opd is given, but method is sft. Set method: opd, or leave it out")]
    public void Distill_SettingsThatDoNotGoTogether_AreRefused(string settings, string message) => Assert.Contains(
        message, Refused(["--teacher", "@student", .. settings.Split(';').SelectMany(setting => new[] { "--set", setting })]), StringComparison.Ordinal);

    [Fact]
    public void Distill_NoTeacherAtAll_IsRefused() => Assert.Contains("the student's own weights that see what it sees teach nothing", Refused(), StringComparison.Ordinal);

    private CommandResult Run(params string[] arguments) => _rlt.Run(["distill", "--config", "@opd.yaml", .. arguments]);

    private string Refused(params string[] arguments)
    {
        CommandResult result = Run(arguments);
        Assert.Equal(2, result.Exit);
        Assert.False(Directory.Exists(_rlt["run"]));
        return result.Message;
    }
}
