using System.Diagnostics;
using System.Text.Json.Nodes;
using Rlt.Configuration;
using Rlt.Models;
using Rlt.Models.Adapters;
using Rlt.Models.Safetensors;
using Rlt.Runs;
using Rlt.Tests.Cli;
using Rlt.Tests.Data;
using Rlt.Text.Chat;
using Rlt.Text.Tokenization;
using static TorchSharp.torch;

namespace Rlt.Tests.Hostile;

/// <summary>Single files that were found, or thought of, to take a reader too far.</summary>
public sealed class HostileFileTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    // A model directory may come from anywhere; to open a pipe waits for ever, and a device has no end.
    [Theory]
    [InlineData("config.json", false)]
    [InlineData("config.json", true)]
    [InlineData("generation_config.json", true)]
    [InlineData("tokenizer.json", false)]
    [InlineData("tokenizer_config.json", true)]
    [InlineData("model.safetensors", false)]
    [InlineData("model.safetensors", true)]
    public void LoadModel_PipeOrDeviceInPlaceOfAFile_IsRefused(string name, bool device)
    {
        string model = TinyDirectory.Write(_scratch["model"]);
        Replace(Path.Combine(model, name), device);
        Assert.Contains(name, Assert.Throws<CheckpointException>(() => ModelText.Load(model) is { } text ? ModelFiles.Load(text.Directory, null, CPU) : null).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ReadIndexAdapterAndTemplate_PipeOrDevice_IsRefusedOrEmpty(bool device)
    {
        foreach (string name in new[] { WeightFiles.IndexFileName, AdapterFiles.ConfigFileName, "chat_template.jinja" })
        {
            Replace(_scratch[name], device);
        }

        Assert.Throws<CheckpointException>(() => WeightFiles.Open(_scratch.Root));
        Assert.Throws<CheckpointException>(() => AdapterFiles.ReadConfig(_scratch.Root));
        Assert.Equal("", ChatTemplate.TryLoad(_scratch.Root)!.Render([], addGenerationPrompt: true));
    }

    [Fact]
    public void LoadConfig_BaseThatIsADevice_IsRefused()
    {
        string config = _scratch.Write("config.yaml", "base: /dev/zero\n");
        Assert.Throws<ConfigException>(() => ConfigLoader.Load<LoraConfig>(config, ["rank=0"]));
    }

    [Theory]
    [InlineData("base: \"a\\0b\"\n")]
    [InlineData("rank: 1\nalpha: \"\\0\"\n")]
    public void LoadConfig_NullCharacter_IsRefused(string yaml)
    {
        string config = _scratch.Write("config.yaml", yaml);
        Assert.EndsWith(": the text holds the character U+0000.", Assert.Throws<ConfigException>(() => ConfigLoader.Load<LoraConfig>(config, [])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadTokenizer_NotUtf8_IsSaid()
    {
        byte[] json = File.ReadAllBytes(Path.Combine(TinyDirectory.Write(_scratch["model"]), "tokenizer.json"));
        int at = System.Text.Encoding.Latin1.GetString(json).IndexOf("ByteLevel", StringComparison.Ordinal);
        json[at] = 0xff;
        File.WriteAllBytes(_scratch["model/tokenizer.json"], json);
        Assert.Equal(
            $"{_scratch["model/tokenizer.json"]}: the file is not valid UTF-8. It is damaged or incomplete; get it again.",
            Assert.Throws<CheckpointException>(() => Tokenizer.Load(_scratch["model"])).Message);
    }

    [Theory]
    [InlineData("{\"chat_template\":\"x\",\"bos_token\":\"a\",\"bos_token\":\"a\"}")]
    [InlineData("{\"chat_template\":\"x\",\"bos_token\":\"\\ud800\"}")]
    [InlineData("{\"chat_template\":\"x\",")]
    public void ReadTemplate_ConfigThatIsNotStrictJson_IsRefused(string json)
    {
        string path = _scratch.Write("tokenizer_config.json", json);
        Assert.StartsWith($"{path}: the file is not JSON: ", Assert.Throws<CheckpointException>(() => ChatTemplate.TryLoad(_scratch.Root)).Message, StringComparison.Ordinal);
    }

    // 65536 times the width of seven maps a layer: what the config alone asks for is never made.
    [Fact]
    public void AttachAdapters_RankFarBeyondTheFile_IsRefusedBeforeAnyIsMade()
    {
        string model = TinyDirectory.Write(_scratch["model"]);
        using (LanguageModel adapted = LanguageModel.LoadToTrain(model, TinyDirectory.Device, new LoraConfig { Rank = 2 }, 0))
        {
            adapted.Save(_scratch["adapters"]);
        }

        using Decoder decoder = ModelFiles.Load(model, null, CPU);
        string message = Assert.Throws<CheckpointException>(() => AdapterFiles.Attach(decoder, LoraLayout.Of(new LoraConfig { Rank = 1 << 16 }, decoder.Config), _scratch["adapters"])).Message;
        Assert.Contains("has shape [2, 16], rank and base model ask for [65536, 16].", message, StringComparison.Ordinal);
        Assert.Null(decoder.Adapters);
    }

    [Theory]
    [InlineData("../outside.safetensors")]
    [InlineData("/outside.safetensors")]
    [InlineData("..")]
    [InlineData("a\\\\..\\\\b.safetensors")]
    [InlineData("C:b.safetensors")]
    [InlineData("\\u0000")]
    public void OpenWeights_IndexThatLeavesItsDirectory_IsRefused(string shard)
    {
        _scratch.Write(WeightFiles.IndexFileName, $"{{\"weight_map\":{{\"a\":\"{shard}\"}}}}");
        Assert.EndsWith("expected the plain name of a file beside the index.", Assert.Throws<CheckpointException>(() => WeightFiles.Open(_scratch.Root)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("summary.json", "accuracy")]
    [InlineData("metrics.jsonl", "think_kl")]
    public void Results_FieldThatIsNoNumber_IsSaid(string name, string key)
    {
        using var rlt = new CommandLine();
        var good = new JsonObject
        {
            ["accuracy"] = 0.5, ["accuracy_95"] = 0.1, ["questions"] = 4, ["samples"] = 1, ["no_answer"] = 0, ["mean_tokens"] = 3,
            ["step"] = 1, ["reward"] = 1, ["solution_score"] = 1, ["think_kl"] = 1, ["match"] = 0, ["completion_tokens"] = 3, ["empty"] = 0,
        };
        good[key] = "many";
        rlt.Write(name, good.ToJsonString() + "\n");
        CommandResult result = rlt.Run("results", rlt[""]);
        Assert.Equal((2, $"{rlt[name]}: '{key}' is \"many\"; expected a number. The file is damaged, or not a run's."), (result.Exit, result.Message));
    }

    [Fact]
    public void ReadRows_LineThatIsNotStrictJson_IsSaid()
    {
        string path = _scratch.Write("rows.jsonl", "{\"step\":1,\"text\":\"\\ud800\"}\n");
        Assert.StartsWith($"{path}:1: damaged", Assert.Throws<DataException>(() => RunRows.Read(path)).Message, StringComparison.Ordinal);
    }

    private static void Replace(string path, bool device)
    {
        File.Delete(path);
        if (device)
        {
            File.CreateSymbolicLink(path, "/dev/zero");
            return;
        }

        using Process made = Process.Start("mkfifo", [path]);
        made.WaitForExit();
    }
}
