using System.Text.Json.Nodes;

namespace Rlt.Tests.Cli;

/// <summary>What may be other when a run goes on, what may not, and what the run's folder keeps of its starts.</summary>
public sealed class ResumeCommandTests : IDisposable
{
    private readonly CommandLine _rlt = new();

    public void Dispose() => _rlt.Dispose();

    [Fact]
    public void Warmup_OtherSettings_AreAllRefusedAtOnce()
    {
        Assert.Equal(0, _rlt.Run("warmup", "--config", "@sft.yaml").Exit);
        string[] before = Everything();
        CommandResult result = _rlt.Run("warmup", "--config", "@sft.yaml", "--model", "@student", "--seed", "4", "--threads", "2",
            "--set", "optimizer.beta2=0.9", "--set", "steps=2", "--set", "lora.rank=4");
        Assert.Equal(2, result.Exit);
        Assert.Matches(
            $"^rlt: {_rlt["run"]} holds a run in which these may not change: seed 0 there, 4 now; optimizer.beta2 0.999 there, 0.9 now; "
                + @"lora null there, \{""rank"":4,[^;]*… now; "
                + $"model {_rlt["model"]} there, {_rlt["student"]} now, with other contents \\(SHA-256 [0-9a-f]{{12}}…, [0-9a-f]{{12}}…\\); steps 3 taken there, 2 now\\. "
                + $"Choose another --out, or repeat what it had \\({_rlt["run/config.yaml"]}\\) to go on\\.\n$",
            result.Errors);
        Assert.Equal(before, Everything());

        string[] Everything() => [.. Directory.EnumerateFiles(_rlt["run"], "*", SearchOption.AllDirectories).Order().Select(file => file + File.ReadAllText(file))];
    }

    /// <summary>A finished run goes on to more steps, with the same weights as one that had them from the start.</summary>
    [Fact]
    public void Warmup_MoreSteps_GoesOnAfterItsEnd()
    {
        string[] run = ["warmup", "--config", "@sft.yaml", "--set", "save_every=1"];
        Assert.Equal(0, _rlt.Run(run).Exit);
        CommandResult longer = _rlt.Run([.. run, "--set", "steps=5", "--set", "keep_last=4"]);
        Assert.Equal(0, longer.Exit);
        Assert.StartsWith("settings that are other than before: steps 3 there, 5 now; keep_last 2 there, 4 now\n", longer.Errors, StringComparison.Ordinal);
        Assert.Contains($"warning: the run was finished after 3 steps and goes on to 5; the model of 3 steps is kept as {_rlt["run/model-3"]}\n", longer.Errors, StringComparison.Ordinal);
        Assert.Contains("warmup: going on after step 2 of 5\n", longer.Errors, StringComparison.Ordinal);
        Assert.Equal(0, _rlt.Run([.. run, "--set", "steps=5", "--out", "@whole"]).Exit);
        Assert.Equal(File.ReadAllBytes(_rlt["whole/model/model.safetensors"]), File.ReadAllBytes(_rlt["run/model/model.safetensors"]));
        Assert.NotEqual(File.ReadAllBytes(_rlt["run/model-3/model.safetensors"]), File.ReadAllBytes(_rlt["run/model/model.safetensors"]));
        Assert.Contains("\nsteps: 5\n", File.ReadAllText(_rlt["run/config.yaml"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Warmup_ScheduleOfAnotherLength_IsWarnedOf()
    {
        string[] run = ["warmup", "--config", "@sft.yaml", "--set", "optimizer.schedule=cosine"];
        Assert.Equal(0, _rlt.Run(run).Exit);
        Assert.Contains("warning: optimizer.schedule is cosine, and the run is of another length: from here on the learning rate is that of the new length\n",
            _rlt.Run([.. run, "--set", "steps=4"]).Errors, StringComparison.Ordinal);
    }

    /// <summary>A file may be elsewhere as long as it holds the same; one that holds something else is refused, also under its old name.</summary>
    [Fact]
    public void Warmup_DataAndFormat_AreToldByTheirContents()
    {
        Assert.Equal(0, _rlt.Run("warmup", "--config", "@sft.yaml").Exit);
        File.Copy(_rlt["data.jsonl"], _rlt["moved.jsonl"]);
        Assert.Equal(0, _rlt.Run("warmup", "--config", "@sft.yaml", "--data", "@moved.jsonl").Exit);

        File.AppendAllText(_rlt["format.yaml"], "# as it was\n");
        CommandResult format = _rlt.Run("warmup", "--config", "@sft.yaml");
        Assert.Equal(0, format.Exit);
        Assert.Matches($"warning: format {_rlt["format.yaml"]} there, {_rlt["format.yaml"]} now, with other contents", format.Errors);

        File.AppendAllText(_rlt["data.jsonl"], "{\"question\": \"3 + 3?\", \"solution\": \"6\", \"explanation\": \"twice three\"}\n");
        CommandResult data = _rlt.Run("warmup", "--config", "@sft.yaml");
        Assert.Equal(2, data.Exit);
        Assert.Matches($"may not change: data {_rlt["data.jsonl"]} there, {_rlt["data.jsonl"]} now, with other contents", data.Errors);
    }

    [Theory]
    [InlineData("collect", "collect.yaml", "temperature=0.2", "temperature 0.7 there, 0.2 now")]
    [InlineData("eval", "eval.yaml", "server.url=http://127.0.0.1:9/v1", "server.url null there, \"http://127.0.0.1:9/v1\" now")]
    [InlineData("train-teacher", "teacher.yaml", "reward.think_kl.mean=1", "reward.think_kl.mean 3 there, 1 now")]
    public void OtherCommands_OtherSettings_AreRefused(string command, string config, string setting, string told)
    {
        Assert.Equal(0, _rlt.Run(command, "--config", "@" + config).Exit);
        CommandResult result = _rlt.Run(command, "--config", "@" + config, "--set", setting);
        Assert.Equal(2, result.Exit);
        Assert.StartsWith($"{_rlt["run"]} holds a run in which these may not change: {told}", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Collect_FolderOfAnotherCommand_IsRefusedInOneLine()
    {
        Assert.Equal(0, _rlt.Run("warmup", "--config", "@sft.yaml").Exit);
        CommandResult result = _rlt.Run("collect", "--config", "@collect.yaml");
        Assert.Equal(2, result.Exit);
        Assert.StartsWith($"{_rlt["run"]} holds a run of another command or version: {_rlt["run/config.yaml"]}:", result.Message, StringComparison.Ordinal);
        Assert.Single(result.Message.Split('\n'));
    }

    [Fact]
    public void RunJson_HasOneEntryAStart()
    {
        Assert.Equal(0, _rlt.Run("warmup", "--config", "@sft.yaml", "--set", "steps=2").Exit);
        Assert.Equal(0, _rlt.Run("warmup", "--config", "@sft.yaml").Exit);
        JsonNode[] starts = [.. JsonNode.Parse(File.ReadAllText(_rlt["run/run.json"]))!["starts"]!.AsArray().Select(start => start!)];
        Assert.Equal(2, starts.Length);
        Assert.EndsWith($" warmup --config {_rlt["sft.yaml"]} --set steps=2", (string)starts[0]["command"]!, StringComparison.Ordinal);
        Assert.EndsWith($" warmup --config {_rlt["sft.yaml"]}", (string)starts[1]["command"]!, StringComparison.Ordinal);
        Assert.All(starts, start =>
        {
            Assert.Equal(Environment.MachineName, (string)start["host"]!);
            Assert.Matches(@"^\d+\.\d+\.\d+$", (string)start["rlt"]!);
            Assert.Matches("^[0-9a-f]{40}$", (string?)start["commit"] ?? new string('0', 40));
            Assert.StartsWith("libtorch 2.", (string)start["libtorch"]!, StringComparison.Ordinal);
            Assert.NotNull((string?)start["ended"]);
            Assert.Equal(_rlt["data.jsonl"], (string)start["inputs"]!["data"]!["path"]!);
            string sum = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(_rlt["data.jsonl"])));
            Assert.Equal(sum, (string)start["inputs"]!["data"]!["sha256"]!);
        });
    }
}
