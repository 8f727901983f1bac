using System.Text.Json.Nodes;

namespace Rlt.Tests.Cli;

/// <summary>LoRA through the commands: train adapters, use them as they are, merge them.</summary>
public sealed class LoraCommandTests : IDisposable
{
    private readonly CommandLine _rlt = new();

    public void Dispose() => _rlt.Dispose();

    [Fact]
    public void Merge_AdaptersOfARun_GivesAPlainModelOfTheSameLogProbs()
    {
        Done("distill", "--config", "@sft.yaml", "--out", "@run", "--set", "lora.rank=4", "--set", "optimizer.learning_rate=0.05");
        Done("merge", "--model", "@run/model", "--out", "@whole");
        Assert.False(File.Exists(_rlt["whole/adapter_config.json"]));
        Assert.True(File.Exists(_rlt["whole/config.json"]) && File.Exists(_rlt["whole/tokenizer.json"]));
        double[][] adapted = LogProbs("run/model"), merged = LogProbs("whole"), plain = LogProbs("model");
        Assert.All(adapted.Zip(merged).SelectMany(rows => rows.First.Zip(rows.Second)), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        Assert.Contains(adapted.Zip(plain).SelectMany(rows => rows.First.Zip(rows.Second)), pair => Math.Abs(pair.First - pair.Second) > 1e-3);
        Done("merge", "--model", "@run/model", "--out", "@narrow", "--dtype", "bf16");
        Assert.Equal("bfloat16", JsonNode.Parse(File.ReadAllText(_rlt["narrow/config.json"]))!["torch_dtype"]!.GetValue<string>());
        Assert.InRange(new FileInfo(_rlt["narrow/model.safetensors"]).Length, 0, 0.6 * new FileInfo(_rlt["whole/model.safetensors"]).Length);
    }

    [Fact]
    public void TrainTeacher_LoraWithItsBaseAsStudent_RunsAndItsAdaptersServeTheOtherCommands()
    {
        Done("train-teacher", "--config", "@teacher.yaml", "--student", "@model", "--out", "@teacher", "--set", "lora.rank=2", "--set", "reference_sync_steps=0");
        Assert.Equal(2, _rlt.Rows("teacher/metrics.jsonl").Length);
        Assert.Contains("lora of rank 2 (paper: all weights)", File.ReadAllText(_rlt["teacher/log.txt"]), StringComparison.Ordinal);
        Done("collect", "--config", "@collect.yaml", "--model", "@teacher/model", "--out", "@traces");
        Done("eval", "--config", "@eval.yaml", "--model", "@teacher/model", "--out", "@eval");
        _rlt.Write("in.jsonl", "{\"question\": \"2 + 3?\", \"solution\": \"5\", \"completion\": \"add them</e>\"}\n");
        Done("score", "--teacher", "@teacher/model", "--student", "@model", "--input", "@in.jsonl", "--output", "@scored.jsonl", "--format", "@format.yaml");
        Assert.True(_rlt.Rows("scored.jsonl")[0].ContainsKey("reward"));
    }

    [Fact]
    public void TrainTeacher_LoraWithReferenceSync_IsRefused() => Assert.Equal(
        $"{_rlt["teacher.yaml"]}: reference_sync_steps is 32; with lora the reference is the base model itself, which stays as it is. Set it to 0",
        Refused("train-teacher", "--config", "@teacher.yaml", "--set", "lora.rank=2"));

    [Fact]
    public void Train_FromAdapters_SaysToMerge()
    {
        Done("warmup", "--config", "@sft.yaml", "--out", "@run", "--set", "lora.rank=1");
        string message = $"{_rlt["run/model"]} holds LoRA adapters; training begins at a whole model. Make one first: rlt merge --model {_rlt["run/model"]} --out DIR";
        Assert.Equal(message, Refused("train-teacher", "--config", "@teacher.yaml", "--model", "@run/model", "--out", "@teacher"));
        Assert.Equal(message, Refused("distill", "--config", "@sft.yaml", "--model", "@run/model", "--out", "@other"));
    }

    [Fact]
    public void LogProbs_AdaptersWhoseBaseIsGone_SaysWhereItWasLookedFor()
    {
        Done("warmup", "--config", "@sft.yaml", "--out", "@run", "--set", "lora.rank=1");
        Directory.Move(_rlt["model"], _rlt["elsewhere"]);
        Assert.Equal(
            $"{_rlt["run/model/adapter_config.json"]}: base_model_name_or_path is \"{_rlt["model"]}\"; expected the directory of a whole model, absolute or relative to the working directory "
            + $"({Directory.GetCurrentDirectory()}). Fetch that model, or correct the path.",
            Refused("logprobs", "--model", "@run/model", "--input", "@data.jsonl", "--output", "@out.jsonl"));
    }

    [Fact]
    public void Merge_WholeModel_IsRefused()
    {
        Assert.Equal(
            $"{_rlt["model"]} is a whole model (it has no adapter_config.json); expected the directory of LoRA adapters.", Refused("merge", "--model", "@model", "--out", "@whole"));
        Assert.False(Directory.Exists(_rlt["whole"]));
        Assert.Equal($"{_rlt["student"]} is not empty. Choose another --out: nothing in it is overwritten.", Refused("merge", "--model", "@model", "--out", "@student"));
    }

    private double[][] LogProbs(string model)
    {
        _rlt.Write("ids.jsonl", "{\"ids\": [1, 2, 3, 4, 50, 60, 70]}\n{\"ids\": [9, 8, 7]}\n");
        Done("logprobs", "--model", "@" + model, "--input", "@ids.jsonl", "--output", "@logprobs.jsonl", "--threads", "1");
        return [.. _rlt.Rows("logprobs.jsonl").Select(row => row["logprobs"]!.AsArray().Select(value => value!.GetValue<double>()).ToArray())];
    }

    private void Done(params string[] arguments)
    {
        CommandResult result = _rlt.Run(arguments);
        Assert.True(result.Exit == 0, $"{arguments[0]}: exit {result.Exit}: {result.Errors}");
    }

    private string Refused(params string[] arguments)
    {
        CommandResult result = _rlt.Run(arguments);
        Assert.True(result.Exit == 2, $"exit {result.Exit}: {result.Errors}");
        return result.Message;
    }
}
