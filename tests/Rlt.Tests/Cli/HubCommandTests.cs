using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Tests.Hub;

namespace Rlt.Tests.Cli;

/// <summary>Models and data sets given by their Hub ids, from a server in this process.</summary>
public sealed class HubCommandTests : IDisposable
{
    private readonly CommandLine _rlt = new();
    private readonly HubServer _model = new();
    private readonly Dictionary<string, string?> _before = [];

    public HubCommandTests()
    {
        _model.With(_rlt["model"]);
        Set("HF_ENDPOINT", _model.Url);
        Set("HF_HUB_CACHE", _rlt["hub"]);
        Set("HF_HUB_OFFLINE", null);
        Set("HF_TOKEN", "hf_test");
    }

    private string Snapshot => Path.Combine(_rlt["hub"], "models--org--tiny", "snapshots", HubServer.Commit);

    public void Dispose()
    {
        foreach ((string name, string? value) in _before)
        {
            Environment.SetEnvironmentVariable(name, value);
        }

        _model.Dispose();
        _rlt.Dispose();
    }

    [Fact]
    public void Warmup_ModelById_TrainsAsFromItsFolder()
    {
        CommandResult byId = _rlt.Run("warmup", "--config", "@sft.yaml", "--model", "org/tiny");
        Assert.True(byId.Exit == 0, byId.Errors);
        Assert.Contains("downloading org/tiny: ", byId.Errors, StringComparison.Ordinal);
        Assert.Equal(0, _rlt.Run("warmup", "--config", "@sft.yaml", "--out", "@same").Exit);
        Assert.Equal(File.ReadAllBytes(_rlt["same/model/model.safetensors"]), File.ReadAllBytes(_rlt["run/model/model.safetensors"]));
        Assert.Contains($"model: org/tiny@{HubServer.Commit}\n", File.ReadAllText(_rlt["run/config.yaml"]), StringComparison.Ordinal);

        // The same command finds its run again, and its model in the cache.
        Set("HF_HUB_OFFLINE", "1");
        CommandResult again = _rlt.Run("warmup", "--config", "@sft.yaml", "--model", "org/tiny");
        Assert.True(again.Exit == 0, again.Errors);
    }

    [Fact]
    public void Tokenize_ModelById_BringsNoWeights()
    {
        CommandResult result = _rlt.Run("tokenize", "--model", "org/tiny", "--input", _rlt.Write("in.jsonl", "{\"text\": \"ab\"}\n"), "--output", "@out.jsonl");
        Assert.True(result.Exit == 0, result.Errors);
        Assert.False(File.Exists(Path.Combine(Snapshot, "model.safetensors")));
    }

    [Fact]
    public void Lora_ModelById_NamesTheIdAsPeftDoes()
    {
        Assert.Equal(0, _rlt.Run("warmup", "--config", "@sft.yaml", "--model", "org/tiny", "--set", "lora.rank=2").Exit);
        JsonNode config = JsonNode.Parse(File.ReadAllText(_rlt["run/model/adapter_config.json"]))!;
        Assert.Equal(("org/tiny", HubServer.Commit), ((string)config["base_model_name_or_path"]!, (string)config["revision"]!));
        CommandResult merged = _rlt.Run("merge", "--model", "@run/model", "--out", "@whole");
        Assert.True(merged.Exit == 0, merged.Errors);
    }

    [Fact]
    public void Collect_DataById_ReadsItsSplit()
    {
        using var data = new HubServer { Repository = "datasets/org/rows" };
        data.Files["train.jsonl"] = File.ReadAllBytes(_rlt["data.jsonl"]);
        data.Files["test.jsonl"] = [.. "{\"question\": \"7 + 1?\", \"solution\": \"8\", \"id\": 9}\n"u8];
        Set("HF_ENDPOINT", data.Url);
        CommandResult result = _rlt.Run("collect", "--config", "@collect.yaml", "--data", "org/rows", "--split", "test");
        Assert.True(result.Exit == 0, result.Errors);
        Assert.Equal(9, (int)Assert.Single(_rlt.Rows("run/traces.jsonl"))["id"]!);
        Assert.Contains($"data: org/rows@{HubServer.Commit}\n", File.ReadAllText(_rlt["run/config.yaml"]), StringComparison.Ordinal);
        string[] asked = [.. data.Requests.Select(request => request.Path).Where(path => path.Contains("/resolve/", StringComparison.Ordinal))];
        Assert.Equal([$"datasets/org/rows/resolve/{HubServer.Commit}/test.jsonl"], asked);
    }

    [Fact]
    public void Download_Model_PrintsItsFolderWithAllThatIsNeeded()
    {
        CommandResult result = _rlt.Run("download", "org/tiny");
        Assert.True(result.Exit == 0, result.Errors);
        Assert.Equal(Snapshot + "\n", result.Output);
        Assert.True(File.Exists(Path.Combine(Snapshot, "model.safetensors")));
        Assert.All(_model.Requests, request => Assert.Equal("Bearer hf_test", request.Authorization));
    }

    [Fact]
    public void Model_NeitherFolderNorOnTheHub_SaysBothReadings()
    {
        string both = $"org/other: there is no such folder here ({Path.GetFullPath("org/other")}), and as a model of the Hub: ";
        CommandResult missing = _rlt.Run("warmup", "--config", "@sft.yaml", "--model", "org/other");
        Assert.Equal((2, $"{both}{new Uri(_model.Url).Authority} has no model 'org/other', or it is private and the token given (HF_TOKEN, or its file) has no access."), (missing.Exit, missing.Message));
        Set("HF_HUB_OFFLINE", "1");
        Assert.Equal($"{both}the cache ({_rlt["hub"]}) has it not, and HF_HUB_OFFLINE is set.", _rlt.Run("warmup", "--config", "@sft.yaml", "--model", "org/other").Message);
        Set("HF_HUB_OFFLINE", null);
        Directory.CreateDirectory("org");
        Assert.Equal($"{both}it is not in the cache, and not asked for, since the folder 'org' is here (rlt download org/other brings it).",
            _rlt.Run("warmup", "--config", "@sft.yaml", "--model", "org/other").Message);
        Directory.Delete("org");
        Set("HF_ENDPOINT", "http://127.0.0.1:9");
        Assert.StartsWith($"{both}127.0.0.1:9 cannot be reached (", _rlt.Run("warmup", "--config", "@sft.yaml", "--model", "org/other").Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'tiny' is no id of the Hub; expected org/name, or org/name@revision.", "tiny")]
    [InlineData("'train' is asked of a model, which has neither subsets nor splits; for a data set give --type dataset.", "org/tiny", "--split", "train")]
    public void Download_WhatItCannot_IsOneLine(string message, params string[] arguments) => Assert.Equal((2, message), (_rlt.Run(["download", .. arguments]).Exit, _rlt.Run(["download", .. arguments]).Message));

    [Theory]
    [InlineData("warmup", "sft.yaml", "model/model.safetensors")]
    [InlineData("distill", "sft.yaml", "model/model.safetensors")]
    [InlineData("train-teacher", "teacher.yaml", "model/model.safetensors")]
    [InlineData("collect", "collect.yaml", "traces.jsonl")]
    [InlineData("eval", "eval.yaml", "results.jsonl")]
    public void Command_DataAsParquet_DoesTheSameAsWithJsonl(string command, string config, string made)
    {
        ParquetWriting.Write(_rlt["data.parquet"], [.. RowFile.Read(_rlt["data.jsonl"]).Select(row => row.Fields)]);
        foreach (string kind in (string[])["jsonl", "parquet"])
        {
            CommandResult result = _rlt.Run(command, "--config", "@" + config, "--data", $"@data.{kind}", "--out", "@" + kind);
            Assert.True(result.Exit == 0, result.Errors);
        }

        Assert.Equal(File.ReadAllBytes(_rlt["jsonl/" + made]), File.ReadAllBytes(_rlt["parquet/" + made]));
    }

    private void Set(string name, string? value)
    {
        _before.TryAdd(name, Environment.GetEnvironmentVariable(name));
        Environment.SetEnvironmentVariable(name, value);
    }
}
