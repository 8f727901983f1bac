using System.Text.Json.Nodes;
using Rlt.Generation;
using Rlt.Models;
using Rlt.Models.Gguf;
using Rlt.Tests.Data;
using Rlt.Text.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlt.Tests.Models.Gguf;

/// <summary>Exported models, as llama.cpp reads them.</summary>
public sealed class GgufExportTests : IDisposable
{
    // Sums in another order, in float32, of logits up to 100.
    private const double Rounding = 2e-3;
    private const int New = 40;
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    public static TheoryData<string, string> Families => new()
    {
        { "qwen2", """{"hidden_size": 32}""" },
        { "qwen3", "{}" },
        { "llama", "{}" },
        { "llama", """{"rope_scaling": {"rope_type": "linear", "factor": 4.0}, "attention_bias": true, "mlp_bias": true, "tie_word_embeddings": true}""" },
        { "mistral", """{"sliding_window": null}""" },
        { "smollm3", """{"attention_bias": false, "mlp_bias": false, "no_rope_layers": [1, 1, 1, 0], "use_sliding_window": false}""" },
        { "qwen2", """{"hidden_size": 32, "rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16}}""" },
        { "qwen3", """{"rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16, "attention_factor": 1.5}}""" },
        { "qwen3_moe", """{"mlp_only_layers": []}""" },
        { "phi3", """{"hidden_size": 32, "sliding_window": null, "tie_word_embeddings": false}""" },
        { "phi3", """
            {"hidden_size": 32, "sliding_window": null, "max_position_embeddings": 8192,
             "original_max_position_embeddings": 4096, "rope_scaling": {"type": "longrope",
             "short_factor": [1.0, 1.5, 2.0], "long_factor": [2.0, 3.0, 4.0]}}
            """ },
        { "olmo3", """{"hidden_size": 32, "layer_types": null}""" },
        { "gemma3_text", """{"query_pre_attn_scalar": 8, "sliding_window_pattern": 6, "num_hidden_layers": 7, "final_logit_softcapping": null}""" },
    };

    /// <summary>Every family, with weights far from zero: the logits after a prompt, and what greedy decoding makes of it past windows and ramps.</summary>
    [LlamaTheory]
    [MemberData(nameof(Families))]
    public void Families_InLlamaCpp_GoOnAsHere(string family, string fields)
    {
        string directory = Directory(family, fields);
        GgufExport.Write(ModelText.Load(directory), _scratch["m.gguf"], GgufType.F32, "tiny");
        using Decoder model = ModelFiles.Load(directory, ScalarType.Float32, CPU);
        int[] prompt = TinyModel.Ids(12, vocabulary: 1000);
        (int[] ids, float[] logits) = LlamaCpp.Greedy(_scratch["m.gguf"], prompt, New);
        (int[] ownIds, float[] ownLogits) = Greedy(model, prompt, New);
        Assert.InRange(logits.Zip(ownLogits, (one, other) => Math.Abs(one - other)).Max(), 0, Rounding);
        Assert.Equal(ownIds, ids);
    }

    [GoldenTheory("../models/stories260K/reference.json")]
    [InlineData("stories260K")]
    [InlineData("babyllama_tok105")]
    public void RealModels_InLlamaCpp_GoOnAsHere(string name)
    {
        if (LlamaCpp.Absent is not null)
        {
            return;
        }

        string directory = Golden.Find($"../models/{name}");
        var text = ModelText.Load(directory);
        GgufExport.Write(text, _scratch["m.gguf"], GgufType.F32, name);
        using Decoder model = ModelFiles.Load(directory, ScalarType.Float32, CPU);
        foreach (string begin in (string[])["Once upon a time", "Lily and Tom  went to the park. They"])
        {
            int[] prompt = text.Tokenizer.Encode(begin).Ids;
            Assert.Equal(prompt, LlamaCpp.Tokenize(_scratch["m.gguf"], begin));
            Assert.Equal(Greedy(model, prompt, 100).Ids, LlamaCpp.Greedy(_scratch["m.gguf"], prompt, 100).Ids);
        }

        // 8 bits as llama.cpp's own quantiser makes them, byte for byte. It refuses a model with rows that are no multiple of 32; such a file of ours runs.
        GgufExport.Write(text, _scratch["q.gguf"], GgufType.Q8_0, name);
        if (name == "stories260K")
        {
            int[] prompt = text.Tokenizer.Encode("Once upon a time").Ids;
            Assert.Equal(Greedy(model, prompt, 10).Ids, LlamaCpp.Greedy(_scratch["q.gguf"], prompt, 10).Ids);
            return;
        }

        LlamaCpp.Quantize(_scratch["m.gguf"], _scratch["theirs.gguf"]);
        var (ours, theirs) = (GgufReader.Read(_scratch["q.gguf"]).Tensors, GgufReader.Read(_scratch["theirs.gguf"]).Tensors);
        Assert.Equal(theirs.Keys.Order(), ours.Keys.Order());
        Assert.All(theirs, pair => Assert.Equal((pair.Key, pair.Value.Type), (pair.Key, ours[pair.Key].Type)));
        Assert.All(theirs, pair => Assert.Equal(pair.Value.Bytes, ours[pair.Key].Bytes));
    }

    /// <summary>A byte-level tokenizer with a chat template; texts of many kinds come to the same tokens.</summary>
    [LlamaFact]
    public void Tokenizer_InLlamaCpp_MakesTheSameTokens()
    {
        string directory = TinyDirectory.Write(_scratch["model"]);
        GgufExport.Write(ModelText.Load(directory), _scratch["m.gguf"], GgufType.F16, "tiny");
        var tokenizer = Tokenizer.Load(directory);
        foreach (string text in (string[])
        [
            "Hello, world", "  two  spaces\n\n\tand 12345 digits", "it's we'LL don't", "<|im_start|>user\nhi<|im_end|>\n",
            "naïve café — 日本語 🙂", "a<|fim_pad|>b",
        ])
        {
            Assert.Equal(tokenizer.Encode(text).Ids, LlamaCpp.Tokenize(_scratch["m.gguf"], text));
        }

        Dictionary<string, object> metadata = GgufReader.Read(_scratch["m.gguf"]).Metadata;
        Assert.Equal(
            ("qwen2", "qwen2", 1022u, TinyDirectory.Template, false),
            (metadata["general.architecture"], metadata["tokenizer.ggml.pre"], metadata["tokenizer.ggml.eos_token_id"], metadata["tokenizer.chat_template"],
                metadata["tokenizer.ggml.add_bos_token"]));
    }

    /// <summary>bf16 and f16 hold the stored numbers rounded to the nearest, as libtorch rounds them.</summary>
    [Theory]
    [InlineData("bf16", 30, ScalarType.BFloat16)]
    [InlineData("f16", 1, ScalarType.Float16)]
    public void Types_HoldTheRoundedWeights(string type, int ggml, ScalarType dtype)
    {
        string directory = TinyDirectory.Write(_scratch["model"], scale: 6);
        GgufExport.Write(ModelText.Load(directory), _scratch["m.gguf"], Enum.Parse<GgufType>(type, ignoreCase: true), "tiny");
        using Decoder model = ModelFiles.Load(directory, ScalarType.Float32, CPU);
        using Tensor rounded = model.Embedding.Value.to(dtype);
        (int found, long[] sizes, byte[] bytes) = GgufReader.Read(_scratch["m.gguf"]).Tensors["token_embd.weight"];
        Assert.Equal((ggml, "16 1024"), (found, string.Join(' ', sizes)));
        Assert.Equal(rounded.bytes.ToArray(), bytes);
    }

    [Theory]
    [InlineData("gpt_oss", "{}", "a gpt_oss cannot be exported: what llama.cpp has of it is not known to compute the same; expected llama, ")]
    [InlineData("qwen3", """{"attention_bias": true}""",
        "'model.layers.0.self_attn.k_proj.bias' has no place in llama.cpp's qwen3, so this qwen3 cannot be exported.")]
    [InlineData("qwen2", "{}",
        "this qwen2 cannot be exported: heads that are together of another width than the model's, which llama.cpp's qwen2 does not have.")]
    [InlineData("olmo3", """{"hidden_size": 32}""", "this olmo3 cannot be exported: layer 1 does not slide, which llama.cpp's olmo2 does not have.")]
    [InlineData("gemma3_text", """{"sliding_window_pattern": 6}""", "this gemma3_text cannot be exported: scores are multiplied by 0.2887, which ")]
    [InlineData("qwen3_moe", "{}", "this qwen3_moe cannot be exported: not every layer has experts whose weights add up to one, which ")]
    public void WhatLlamaCppLacks_IsRefusedByName(string family, string fields, string message)
    {
        string directory = Directory(family, fields);
        var error = Assert.Throws<CheckpointException>(() => GgufExport.Write(ModelText.Load(directory), _scratch["m.gguf"], GgufType.F32, "tiny"));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_scratch["m.gguf"]));
    }

    [Theory]
    [InlineData("Split", """{"type": "Split", "pattern": {"Regex": "x"}, "behavior": "Isolated", "invert": false}""",
        "llama.cpp has no name for how it splits texts (x)")]
    [InlineData("normalizer", """{"type": "Lowercase"}""", "it changes texts before they are split")]
    public void Tokenizer_ThatGgufCannotTell_IsRefused(string part, string json, string why)
    {
        string directory = TinyDirectory.Write(_scratch["model"]), file = Path.Combine(directory, "tokenizer.json");
        JsonObject tokenizer = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        if (part == "normalizer")
        {
            tokenizer["normalizer"] = JsonNode.Parse(json);
        }
        else
        {
            tokenizer["pre_tokenizer"]!["pretokenizers"]![0] = JsonNode.Parse(json);
        }

        File.WriteAllText(file, tokenizer.ToJsonString());
        var error = Assert.Throws<CheckpointException>(() => GgufExport.Write(ModelText.Load(directory), _scratch["m.gguf"], GgufType.F32, "tiny"));
        Assert.Equal($"{file}: GGUF cannot tell this tokenizer: {why}.", error.Message);
    }

    /// <summary>A window that the architecture lacks makes the context shorter, and is said; a number that f16 cannot hold is refused.</summary>
    [Fact]
    public void Windows_AreTheContext()
    {
        string directory = Directory("mistral", """{"sliding_window": 100}""");
        string note = Assert.Single(GgufExport.Write(ModelText.Load(directory), _scratch["m.gguf"], GgufType.F32, "tiny"));
        Assert.Equal("the context is 100 tokens, not 4096: llama.cpp's llama has no sliding window, and sees the same up to there", note);
        Assert.Equal(100u, GgufReader.Read(_scratch["m.gguf"]).Metadata["llama.context_length"]);
    }

    private string Directory(string family, string fields)
    {
        JsonObject json = TinyModel.ConfigOf(family).Raw.DeepClone().AsObject();
        json["vocab_size"] = 1024;
        foreach ((string key, JsonNode? value) in JsonNode.Parse(fields)!.AsObject())
        {
            json[key] = value?.DeepClone();
        }

        TinyDirectory.WriteTokenizer(_scratch["model"]);
        using Decoder model = TinyModel.Sharp(ModelConfig.Parse(json.ToJsonString()));
        ModelFiles.Save(model, _scratch["model"], null);
        return _scratch["model"];
    }

    private static (int[] Ids, float[] Logits) Greedy(Decoder model, int[] prompt, int count)
    {
        var options = new SamplingOptions { Temperature = 0, MaxNewTokens = count };
        int[] ids = new SamplingEngine(model, null, options).Run([new(prompt, [0])])[0][0].Ids;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        Tensor hidden_TD = TinyModel.Hidden(model, prompt);
        return (ids, model.Logits(hidden_TD.narrow(0, prompt.Length - 1, 1)).flatten().data<float>().ToArray());
    }
}
