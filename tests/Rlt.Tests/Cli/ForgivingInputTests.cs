using Rlt.Configuration;
using Rlt.Data;
using Rlt.Evaluation.Serving;
using Rlt.Training.Sft;

namespace Rlt.Tests.Cli;

/// <summary>Input that is nearly right: it is understood, with a word on how, or refused with what to write.</summary>
public sealed class ForgivingInputTests : IDisposable
{
    private readonly CommandLine _rlt = new();

    public void Dispose() => _rlt.Dispose();

    [Fact]
    public void Models_RunFolderForItsModel_IsUnderstoodInOneLine()
    {
        Assert.Equal(0, _rlt.Run("warmup", "--config", "@sft.yaml", "--set", "steps=1").Exit);
        string note = $"note: {_rlt["run"]} is a run's folder; its model is {_rlt["run/model"]}\n";
        CommandResult used = _rlt.Run("logprobs", "--model", "@run", "--input", _rlt.Write("in.jsonl", "{\"ids\": [1, 2]}\n"), "--output", "@out.jsonl");
        Assert.Equal((0, note), (used.Exit, used.Errors));
        CommandResult tokens = _rlt.Run("tokenize", "--model", "@run", "--input", _rlt.Write("in.jsonl", "{\"text\": \"a\"}\n"), "--output", "@out.jsonl");
        Assert.Equal((0, note), (tokens.Exit, tokens.Errors));
        CommandResult configured = _rlt.Run("collect", "--config", "@collect.yaml", "--model", "@run", "--out", "@traces");
        Assert.Equal(0, configured.Exit);
        Assert.Contains(note, configured.Errors, StringComparison.Ordinal);
        Assert.Contains($"model: {_rlt["run/model"]}\n", File.ReadAllText(_rlt["traces/config.yaml"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Models_RunFolderWithoutAModel_NamesItsNewestCheckpoint()
    {
        Directory.CreateDirectory(_rlt["half/checkpoints/step-000010"]);
        Directory.CreateDirectory(_rlt["half/checkpoints/step-000020"]);
        CommandResult result = _rlt.Run("collect", "--config", "@collect.yaml", "--model", "@half");
        Assert.Equal(2, result.Exit);
        Assert.Equal($"{_rlt["half"]} is the folder of a run that has no finished model yet; let it finish, or give its newest checkpoint: "
            + _rlt["half/checkpoints/step-000020"], result.Message);
    }

    [Theory]
    [InlineData("logprobs", "--model", "Qwen/Qwen3-0.6B", "--input", "@data.jsonl", "--output", "@o.jsonl")]
    [InlineData("collect", "--config", "@collect.yaml", "--model", "Qwen/Qwen3-0.6B")]
    [InlineData("warmup", "--config", "@sft.yaml", "--set", "model=Qwen/Qwen3-0.6B")]
    public void Models_HubIdOffline_SaysBothReadings(params string[] arguments)
    {
        CommandResult result = _rlt.Run(arguments);
        Assert.Equal(2, result.Exit);
        Assert.Matches(@"^Qwen/Qwen3-0\.6B: there is no such folder here \(\S+/Qwen/Qwen3-0\.6B\), and as a model of the Hub: the cache \(\S+\) has it not, and HF_HUB_OFFLINE is set\.$",
            result.Message);
    }

    [Theory]
    [InlineData("http://h:8000/v1")]
    [InlineData("http://h:8000/v1/")]
    [InlineData("http://h:8000/v1/chat/completions")]
    [InlineData("http://h:8000/v1/chat/completions/")]
    [InlineData("http://h:8000/v1/completions")]
    public void Server_AddressOfAnInterface_IsUnderstood(string url) => Assert.Equal("http://h:8000/v1", new ServerConfig { Url = url }.BaseUrl);

    [Theory]
    [InlineData("2", "2")]
    [InlineData("2.50", "2.50")]
    [InlineData("[2, 3]", "2")]
    [InlineData("\"x\"", "x")]
    public void Data_SolutionAsANumber_IsItsText(string written, string text)
    {
        string file = _rlt.Write("n.jsonl", $"{{\"solution\": {written}}}\n");
        Assert.Equal(text, RowFile.Read(file).Single().FirstTextOrNull("solution"));
    }

    [Fact]
    public void Warmup_SolutionAsANumber_Runs()
    {
        _rlt.Write("data.jsonl", "{\"question\": \"1 + 1?\", \"solution\": 2, \"explanation\": \"count\"}\n");
        Assert.Equal(0, _rlt.Run("warmup", "--config", "@sft.yaml", "--set", "steps=1").Exit);
    }

    [Theory]
    [InlineData("a: 1\nb: 2\n\tc: 3\n", 3)]
    [InlineData("a: 1\nb:\n  c: 2\n\td: 3\n", 4)]
    public void Config_Tab_IsReportedInItsLine(string yaml, int line)
    {
        string file = _rlt.Write("tab.yaml", yaml);
        CommandResult result = _rlt.Run("warmup", "--config", file);
        Assert.Equal(2, result.Exit);
        Assert.Equal($"{file}:{line}: not valid YAML: the line is indented with a tab; expected spaces.", result.Message);
    }

    [Fact]
    public void ReportAndResults_FolderOfRuns_IsUnderstood()
    {
        Directory.CreateDirectory(_rlt["runs"]);
        Assert.Equal(0, _rlt.Run("train-teacher", "--config", "@teacher.yaml", "--out", "@runs/first", "--set", "steps=1").Exit);
        Assert.Equal(0, _rlt.Run("train-teacher", "--config", "@teacher.yaml", "--out", "@runs/deeper/second", "--set", "steps=1").Exit);
        CommandResult results = _rlt.Run("results", "@runs");
        Assert.Equal(0, results.Exit);
        Assert.Contains("| first, end |", results.Output, StringComparison.Ordinal);
        Assert.Contains("| deeper/second, end |", results.Output, StringComparison.Ordinal);
        Assert.Equal(0, _rlt.Run("report", "@runs", "-o", "@report.html").Exit);
        Assert.Contains("deeper/second", File.ReadAllText(_rlt["report.html"]), StringComparison.Ordinal);
        Assert.Equal(2, _rlt.Run("results", "@model").Exit);
    }

    [Fact]
    public void Load_ModelOfARun_IsResolvedWhereverItIsWritten()
    {
        Directory.CreateDirectory(_rlt["done/model"]);
        File.WriteAllText(_rlt["done/model/config.json"], "{}");
        string config = _rlt.Write("mine.yaml", "model: done\ndata: d\nout: o\noptimizer: {learning_rate: 1}\n");
        Assert.Equal(_rlt["done/model"], ConfigLoader.Load<SftConfig>(config, []).Model);
    }
}
