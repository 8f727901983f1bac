using System.Text.Json.Nodes;
using Rlt.Configuration;
using Rlt.Generation;
using Rlt.Models;
using Rlt.Models.Safetensors;
using Rlt.Tests.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlt.Tests.Models;

public sealed class ModelFilesTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public static TheoryData<string> GoldenNames => ["qwen2_teacher", "qwen2_student_sharded", "qwen2_student_bf16", "llama_llama3rope", "qwen3"];

    public static TheoryData<string> Golden2026Names =>
    [
        "gemma3", "gemma3_v4form", "gemma4", "gemma4_moe", "gemma4_vl", "gpt_oss", "ministral3", "mistral", "mistral_v4form", "olmo3", "olmo3_v4form", "phi3",
        "phi3_longrope", "qwen3_5", "qwen3_5_vl", "qwen3_moe", "qwen3_moe_v4form", "smollm3",
    ];

    public static TheoryData<string> RealNames => ["stories260K", "babyllama_tok105"];

    public void Dispose() => _scratch.Dispose();

    [GoldenTheory("models")]
    [MemberData(nameof(GoldenNames))]
    public void Save_GoldenModel_HasTheSameWeightsConfigAndTokenizer(string name) => AssertSavedAlike(Golden.Find($"models/{name}"));

    /// <summary>In whichever form the config is, and with whatever tensors are beside the text part.</summary>
    [GoldenTheory("2026/models")]
    [MemberData(nameof(Golden2026Names))]
    public void Save_FamilyOf2026_HasTheSameWeightsConfigAndTokenizer(string name) => AssertSavedAlike(Golden.Find($"2026/models/{name}"));

    /// <summary>Elements ½ and −3 in a block scaled by 2: the first element of a byte is its low half.</summary>
    [Fact]
    public void Load_FourBitExperts_AreTheirNumbersAndAreSavedWithoutQuantization()
    {
        string model = _scratch["model"];
        JsonObject config = TinyModel.ConfigOf("gpt_oss").Raw.DeepClone().AsObject();
        (config["hidden_size"], config["intermediate_size"]) = (32, 32);
        using (Decoder made = ModelFiles.Random(ModelConfig.Parse(config.ToJsonString()), 1, ScalarType.Float32, CPU))
        {
            ModelFiles.Save(made, model, null);
        }

        // Byte 0xD1 holds the codes 1 (½) and 13 (−3).
        const string Gate = "model.layers.0.mlp.experts.gate_up_proj";
        config["quantization_config"] = new JsonObject { ["quant_method"] = "mxfp4" };
        File.WriteAllText(Path.Combine(model, ModelConfig.FileName), config.ToJsonString());
        Rename(model, name => name == Gate ? [] : [name], added: new()
        {
            [Gate + "_blocks"] = (StoredType.U8, [4, 64, 1, 16], [.. Enumerable.Repeat((byte)0xD1, 4 * 64 * 16)]),
            [Gate + "_scales"] = (StoredType.U8, [4, 64, 1], [.. Enumerable.Repeat((byte)128, 4 * 64)]),
        });
        using Decoder read = ModelFiles.Load(model, null, CPU);
        using var scope = NewDisposeScope();
        Tensor experts_EDO = read.Parameters.Single(parameter => parameter.Name == Gate).Value;
        Assert.Equal([4L, 32, 64], experts_EDO.shape);
        Assert.True(experts_EDO.select(1, 0).eq(1).all().ToBoolean() && experts_EDO.select(1, 31).eq(-6).all().ToBoolean());

        ModelFiles.Save(read, _scratch["copy"], null);
        Assert.False(JsonNode.Parse(File.ReadAllText(Path.Combine(_scratch["copy"], ModelConfig.FileName)))!.AsObject().ContainsKey("quantization_config"));
        using Decoder again = ModelFiles.Load(_scratch["copy"], null, CPU);
        Assert.True(again.Parameters.Single(parameter => parameter.Name == Gate).Value.eq(experts_EDO).all().ToBoolean());
    }

    private void AssertSavedAlike(string source)
    {
        string copy = _scratch["copy"];
        Convert(source, copy);
        Dictionary<string, (StoredType Type, string Shape, byte[] Bytes)> expected = Weights(source), actual = Weights(copy);
        Assert.Equal(expected.Keys.Order(), actual.Keys.Order());
        Assert.All(expected, pair =>
        {
            Assert.Equal((pair.Value.Type, pair.Value.Shape), (actual[pair.Key].Type, actual[pair.Key].Shape));
            Assert.True(pair.Value.Bytes.AsSpan().SequenceEqual(actual[pair.Key].Bytes), pair.Key);
        });
        foreach (string file in new[] { "config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json", "vocab.json", "merges.txt" })
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(source, file)), File.ReadAllBytes(Path.Combine(copy, file)));
        }

        // A copy of the copy is the same file.
        Convert(copy, _scratch["again"]);
        Assert.Equal(File.ReadAllBytes(Path.Combine(copy, "model.safetensors")), File.ReadAllBytes(Path.Combine(_scratch["again"], "model.safetensors")));
    }

    [Fact]
    public void Load_NamesOfTheBodyAlone_IsTheSameModel()
    {
        string model = TinyDirectory.Write(_scratch["model"]);
        byte[] expected = Embedding(model);
        Rename(model, name => [name["model.".Length..]]);
        Assert.Equal(expected, Embedding(model));
    }

    [Fact]
    public void Load_TiedEmbeddingStoredAsTheHead_IsTheSameModel()
    {
        string model = TinyDirectory.Write(_scratch["model"]);
        byte[] expected = Embedding(model);
        Rename(model, name => [name == "model.embed_tokens.weight" ? "lm_head.weight" : name]);
        Assert.Equal(expected, Embedding(model));
        Rename(model, name => name == "lm_head.weight" ? [name, "model.embed_tokens.weight"] : [name]);
        Assert.Equal(expected, Embedding(model));
    }

    [Fact]
    public void Load_HeadStoredWithoutAnEmbeddingOfItsOwn_IsRefused()
    {
        string model = TinyDirectory.Write(_scratch["model"]);
        Rename(model, name => [name == "model.embed_tokens.weight" ? "lm_head.weight" : name]);
        Edit(model, "tie_word_embeddings", false);
        Assert.Contains(": 1 missing (model.embed_tokens.weight), 0 unexpected", Assert.Throws<CheckpointException>(() => ModelFiles.Load(model, null, CPU)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_TiedHeadThatDiffers_IsRefused()
    {
        string model = TinyDirectory.Write(_scratch["model"]);
        Rename(model, name => name == "model.embed_tokens.weight" ? [name, "lm_head.weight"] : [name], changed: "lm_head.weight");
        Assert.Equal(
            $"{Path.Combine(model, "model.safetensors")}: 'lm_head.weight' differs from the embedding, and config.json ties them (tie_word_embeddings). Set tie_word_embeddings to false if the model has a head of its own.",
            Assert.Throws<CheckpointException>(() => ModelFiles.Load(model, null, CPU)).Message);
    }

    [Fact]
    public void Load_DtypeGiven_ConvertsTheWeights()
    {
        string model = TinyDirectory.Write(_scratch["model"]);
        using Decoder stored = ModelFiles.Load(model, null, CPU);
        using Decoder narrow = ModelFiles.Load(model, ScalarType.BFloat16, CPU);
        Assert.Equal(ScalarType.Float32, stored.Dtype);
        Assert.All(narrow.Parameters, parameter => Assert.Equal(ScalarType.BFloat16, parameter.Value.dtype));
        using var scope = NewDisposeScope();
        using Tensor expected = stored.Embedding.Value.to(ScalarType.BFloat16);
        Assert.True(expected.eq(narrow.Embedding.Value).all().ToBoolean());
    }

    [Fact]
    public void Random_SameSeed_SameWeightsInTheirRanges()
    {
        using Decoder one = TinyModel.Create(seed: 4);
        using Decoder same = TinyModel.Create(seed: 4);
        using Decoder other = TinyModel.Create(seed: 5);
        using var scope = NewDisposeScope();
        Assert.True(one.Embedding.Value.eq(same.Embedding.Value).all().ToBoolean());
        Assert.False(one.Embedding.Value.eq(other.Embedding.Value).all().ToBoolean());
        Assert.Equal(0.02, one.Embedding.Value.flatten().std(0).item<float>(), 0.002);
        Assert.All(one.Parameters.Where(p => p.Name.EndsWith("norm.weight", StringComparison.Ordinal)), p => Assert.True(p.Value.eq(1).all().ToBoolean()));
        Assert.All(one.Parameters.Where(p => p.Name.EndsWith("bias", StringComparison.Ordinal)), p => Assert.True(p.Value.eq(0).all().ToBoolean()));
    }

    [Theory]
    [InlineData("num_hidden_layers", 3, "the weights are not those of config.json (qwen2, 3 layers): 12 missing (model.layers.2.input_layernorm.weight, model.layers.2.mlp.down_proj.weight, model.layers.2.mlp.gate_proj.weight, …), 0 unexpected. Is config.json of another model?")]
    [InlineData("num_hidden_layers", 1, "the weights are not those of config.json (qwen2, 1 layers): 0 missing, 12 unexpected (model.layers.1.input_layernorm.weight, model.layers.1.mlp.down_proj.weight, model.layers.1.mlp.gate_proj.weight, …). Is config.json of another model?")]
    public void Load_WeightsMissingOrUnexpected_AreNamed(string key, int value, string message)
    {
        string model = TinyDirectory.Write(_scratch["model"]);
        Edit(model, key, value);
        var error = Assert.Throws<CheckpointException>(() => ModelFiles.Load(model, null, CPU));
        Assert.Equal($"{model}: {message}", error.Message);
    }

    [Fact]
    public void Load_WeightOfAnotherShape_SaysBothShapes()
    {
        string model = TinyDirectory.Write(_scratch["model"]);
        Edit(model, "intermediate_size", 48);
        var error = Assert.Throws<CheckpointException>(() => ModelFiles.Load(model, null, CPU));
        Assert.Equal(
            $"{Path.Combine(model, "model.safetensors")}: 'model.layers.0.mlp.down_proj.weight' has shape [16, 32], config.json asks for [16, 48]. Is config.json of another model?",
            error.Message);
    }

    [Fact]
    public void Load_QuantisedWeights_AreRefused()
    {
        string model = TinyDirectory.Write(_scratch["model"]);
        using Decoder decoder = ModelFiles.Load(model, null, CPU);
        TensorSpec[] specs = [.. decoder.Parameters.Select(p => new TensorSpec(p.Name, p.Name.EndsWith("up_proj.weight", StringComparison.Ordinal) ? StoredType.I8 : StoredType.F32, p.Value.shape))];
        SafetensorsWriter.WriteFile(Path.Combine(model, "model.safetensors"), specs, (spec, stream) => stream.Write(new byte[spec.Shape.Aggregate(1L, (a, b) => a * b) * (spec.Type == StoredType.I8 ? 1 : 4)]));
        var error = Assert.Throws<CheckpointException>(() => ModelFiles.Load(model, null, CPU));
        Assert.Equal($"{Path.Combine(model, "model.safetensors")}: 'model.layers.0.mlp.up_proj.weight' has type I8; expected F32, F16 or BF16 (quantised weights are not supported)", error.Message);
    }

    [Fact]
    public void LanguageModelLoad_TokenizerOfALargerVocabulary_IsRefused()
    {
        string model = TinyDirectory.Write(_scratch["model"]);
        Edit(model, "vocab_size", 512);
        Edit(model, "eos_token_id", 1);
        Edit(model, "bos_token_id", 1);
        using (Decoder small = ModelFiles.Random(ModelConfig.Load(model), 1, ScalarType.Float32, CPU))
        {
            ModelFiles.Save(small, model, null);
        }

        var error = Assert.Throws<CheckpointException>(() => LanguageModel.Load(model, new DeviceConfig()));
        Assert.Equal($"{model}: the tokenizer has 1024 ids, config.json's vocab_size is 512. Is tokenizer.json of another model?", error.Message);
    }

    // As in transformers: an end that the model cannot say is no reason to refuse it, and a text that holds it cannot be embedded.
    [Fact]
    public void LanguageModelLoad_EosOfTokenizerConfigAlone_IsATokenBeyondTheEmbeddings()
    {
        string directory = TinyDirectory.Write(_scratch["model"]);
        string path = Path.Combine(directory, "tokenizer_config.json");
        JsonObject config = Golden.Json(path);
        config["eos_token"] = "<|halt|>";
        File.WriteAllText(path, config.ToJsonString());
        using LanguageModel model = LanguageModel.Load(directory, new DeviceConfig());
        Assert.Equal(1024, model.Tokenizer.EosId);
        Assert.NotEmpty(model.Tokenizer.Encode("on").Ids);
        Assert.Contains("has the token '<|halt|>'", Assert.Throws<DataException>(() => model.Tokenizer.Encode("on<|halt|>")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RequireTemplate_None_SaysWhereOneIsLookedFor()
    {
        string directory = TinyDirectory.Write(_scratch["model"], withTemplate: false);
        using LanguageModel model = LanguageModel.Load(directory, new DeviceConfig());
        var error = Assert.Throws<CheckpointException>(model.RequireTemplate);
        Assert.Equal($"{directory} has no chat template (chat_template in tokenizer_config.json, or chat_template.jinja); this command needs one.", error.Message);
    }

    [GoldenTheory("../models/stories260K/reference.json")]
    [MemberData(nameof(RealNames))]
    public void Decoder_ModelTrainedByOthers_ReproducesItsReference(string name)
    {
        string directory = Golden.Find($"../models/{name}");
        JsonObject reference = Golden.Json(Path.Combine(directory, "reference.json"));
        int[] ids = [.. reference["ids"]!.AsArray().Select(id => id!.GetValue<int>())];
        int prompt = reference["n_prompt"]!.GetValue<int>();
        using Decoder model = ModelFiles.Load(directory, null, CPU);
        var options = new SamplingOptions { Temperature = 0, MaxNewTokens = ids.Length - prompt };
        Assert.Equal(ids[prompt..], new SamplingEngine(model, null, options).Run([new(ids[..prompt], [0])])[0][0].Ids);
        float[] logProbs = SequenceScorer.LogProbs(model, [new TokenSequence(ids, 1)], 1, 4096)[0];
        Assert.Equal(reference["mean_nll"]!.GetValue<double>(), -logProbs.Average(), 1e-4);
        using var scope = NewDisposeScope();
        float[] logits = model.Logits(TinyModel.Hidden(model, ids).narrow(0, ids.Length - 1, 1)).flatten().data<float>().ToArray();
        double[] expected = [.. reference["last_logits"]!.AsArray().Select(value => value!.GetValue<double>())];
        Assert.Equal(expected.Length, logits.Length);
        Assert.All(expected.Zip(logits), pair => Assert.Equal(pair.First, pair.Second, 1e-3));
    }

    private static void Convert(string source, string target)
    {
        using Decoder model = ModelFiles.Load(source, null, CPU);
        ModelFiles.Save(model, target, source);
    }

    private static byte[] Embedding(string model)
    {
        using Decoder decoder = ModelFiles.Load(model, null, CPU);
        return decoder.Embedding.Value.bytes.ToArray();
    }

    // Writes the weights again under other names, one of them with another first byte, and some beside them.
    private static void Rename(
        string model, Func<string, string[]> namesOf, string? changed = null, Dictionary<string, (StoredType Type, long[] Shape, byte[] Bytes)>? added = null)
    {
        Dictionary<string, (StoredType Type, long[] Shape, byte[] Bytes)> tensors = added ?? [];
        string path = Path.Combine(model, "model.safetensors");
        using (SafetensorsFile file = SafetensorsFile.Open(path))
        {
            foreach (TensorEntry entry in file.Entries.Values)
            {
                foreach (string name in namesOf(entry.Name))
                {
                    byte[] bytes = file.Bytes(entry).ToArray();
                    bytes[0] ^= (byte)(name == changed ? 1 : 0);
                    tensors.Add(name, (entry.Type, entry.Shape, bytes));
                }
            }
        }

        TensorSpec[] specs = [.. tensors.Select(pair => new TensorSpec(pair.Key, pair.Value.Type, pair.Value.Shape))];
        SafetensorsWriter.WriteFile(path, specs, (spec, stream) => stream.Write(tensors[spec.Name].Bytes));
    }

    private static void Edit(string model, string key, JsonNode value)
    {
        string path = Path.Combine(model, "config.json");
        JsonObject config = Golden.Json(path);
        config[key] = value;
        File.WriteAllText(path, config.ToJsonString());
    }

    private static Dictionary<string, (StoredType Type, string Shape, byte[] Bytes)> Weights(string directory)
    {
        using WeightFiles files = WeightFiles.Open(directory);
        return files.Entries.ToDictionary(pair => pair.Key, pair =>
        {
            (SafetensorsFile file, TensorEntry entry) = pair.Value;
            using Tensor tensor = TensorBytes.Read(file, entry, entry.Type.ToScalarType(), CPU);
            return (entry.Type, string.Join('x', entry.Shape), tensor.bytes.ToArray());
        });
    }
}
