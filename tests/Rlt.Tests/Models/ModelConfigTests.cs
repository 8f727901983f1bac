using System.Text.Json.Nodes;
using Rlt.Models;
using Rlt.Models.Plans;
using Rlt.Models.Safetensors;
using Rlt.Tests.Data;

namespace Rlt.Tests.Models;

public sealed class ModelConfigTests : IDisposable
{
    private const string Minimal = """
        {"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128,
         "vocab_size": 100, "rms_norm_eps": 1e-06, "max_position_embeddings": 512}
        """;

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [GoldenFact("models")]
    public void Load_EveryGoldenModel_ParameterCountIsThatOfTheWeights()
    {
        string[] directories = [.. Directory.GetDirectories(Golden.Find("models"))];
        Assert.NotEmpty(directories);
        foreach (string directory in directories)
        {
            ModelConfig config = ModelConfig.Load(directory);
            using WeightFiles weights = WeightFiles.Open(directory);
            Assert.Equal(weights.Entries.Values.Sum(pair => pair.Entry.Shape.Aggregate(1L, (a, b) => a * b)), config.ParameterCount);
            Assert.Equal(weights.Entries.ContainsKey("lm_head.weight"), !config.TiedEmbeddings);
        }
    }

    [GoldenFact("../models")]
    public void Load_RealSmallModels_ParameterCountIsThePublishedOne()
    {
        Assert.Equal(260_032, ModelConfig.Load(Golden.Find("../models/stories260K")).ParameterCount);
        Assert.Equal(936_448, ModelConfig.Load(Golden.Find("../models/babyllama_tok105")).ParameterCount);
    }

    [GoldenFact("models/qwen2_teacher")]
    public void Load_Qwen2_FieldsAreTheFiles()
    {
        ModelConfig config = ModelConfig.Load(Golden.Find("models/qwen2_teacher"));

        AttentionPlan attention = Attention(config);
        Assert.Equal(("qwen2", 64, 3, 4, 2, 16), (config.ModelType, config.HiddenSize, config.Layers.Count, attention.Heads, attention.KeyValueHeads, attention.HeadSize));
        Assert.Equal((1024, 1e-6, 1e6, 32768), (config.VocabularySize, config.NormEpsilon, attention.Rotary!.Theta, config.MaxPositions));
        Assert.Equal(new DensePlan(128), config.Layers[0].FeedForward);
        Assert.Equal((true, false, QueryKeyNorm.None), (attention.QueryKeyValueBias, attention.OutputBias, attention.QueryKeyNorm));
        Assert.True(config.TiedEmbeddings);
        Assert.Null(attention.Rotary.Scaling);
        Assert.Equal(StoredType.F32, config.WeightType);
        Assert.Equal([1022, 1020], config.EosTokenIds);
        Assert.Equal(1020, config.BosTokenId);
    }

    [GoldenFact("models/qwen3")]
    public void Load_Qwen3_HeadSizeIsTheFilesAndNormsAreOn()
    {
        ModelConfig config = ModelConfig.Load(Golden.Find("models/qwen3"));
        AttentionPlan attention = Attention(config);
        Assert.Equal((24, QueryKeyNorm.PerHead, false, false), (attention.HeadSize, attention.QueryKeyNorm, attention.QueryKeyValueBias, attention.OutputBias));
    }

    [GoldenFact("models/llama_llama3rope")]
    public void Load_Llama3Rope_ScalingIsTheFiles()
    {
        ModelConfig config = ModelConfig.Load(Golden.Find("models/llama_llama3rope"));
        Assert.Equal(new RotaryPlan(16, 500_000) { Scaling = new RopeScaling.Llama3(8, 1, 4, 64) }, Attention(config).Rotary);
    }

    [Fact]
    public void Parse_MissingOptionalFields_TakeTransformersDefaults()
    {
        ModelConfig config = ModelConfig.Parse(Minimal);
        AttentionPlan attention = Attention(config);
        Assert.Equal((4, 16, 10_000.0, false), (attention.KeyValueHeads, attention.HeadSize, attention.Rotary!.Theta, config.TiedEmbeddings));
        Assert.Empty(config.EosTokenIds);
        Assert.Null(config.BosTokenId);
        Assert.Null(config.WeightType);
        Assert.Equal(128, Attention(ModelConfig.Parse(With("\"model_type\": \"qwen3\""))).HeadSize);
    }

    [Fact]
    public void ParameterCount_BiasesEverywhere_IsTheHandCount()
    {
        ModelConfig config = ModelConfig.Parse(With("\"attention_bias\": true, \"mlp_bias\": true, \"num_key_value_heads\": 2"));
        // A layer: q 64*64+64, k and v 64*32+32, o 64*64+64, gate and up 64*128+128, down 128*64+64, two norms of 64.
        const long layer = 4160 + 2 * 2080 + 4160 + 2 * 8320 + 8256 + 128;
        Assert.Equal(2 * layer + 2 * 6400 + 64, config.ParameterCount);
        Assert.Equal((true, true), (Attention(config).QueryKeyValueBias, Attention(config).OutputBias));
        Assert.Equal(new DensePlan(128, Bias: true), config.Layers[1].FeedForward);
    }

    [Fact]
    public void Parse_Qwen25_7B_ParameterCountIsThePublishedOne()
    {
        ModelConfig config = ModelConfig.Parse("""
            {"model_type": "qwen2", "hidden_size": 3584, "num_hidden_layers": 28, "num_attention_heads": 28, "num_key_value_heads": 4,
             "intermediate_size": 18944, "vocab_size": 152064, "rms_norm_eps": 1e-06, "rope_theta": 1000000.0, "max_position_embeddings": 32768,
             "max_window_layers": 28, "sliding_window": 131072, "use_sliding_window": false, "hidden_act": "silu", "torch_dtype": "bfloat16"}
            """);
        Assert.Equal(7_615_616_512, config.ParameterCount);
        Assert.Equal(StoredType.BF16, config.WeightType);
    }

    [Theory]
    [InlineData("""{"type": "linear", "factor": 2}""", 2.0)]
    [InlineData("""{"rope_type": "linear", "type": "yarn", "factor": 2.5}""", 2.5)]
    public void Parse_LinearScaling_BothKeysAreKnown(string scaling, double factor) =>
        Assert.Equal(new RopeScaling.Linear(factor), Scaling($"\"rope_scaling\": {scaling}"));

    [Fact]
    public void Parse_YarnScaling_DefaultsAreTransformers()
    {
        Assert.Equal(new RopeScaling.Yarn(4, 32768), Scaling(
            """ "rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}"""));
        Assert.Equal(new RopeScaling.Yarn(4, 512, 16, 2, 1.5, 0.7, 0.8, false), Scaling(
            """ "rope_scaling": {"rope_type": "yarn", "factor": 4, "beta_fast": 16, "beta_slow": 2, "attention_factor": 1.5, "mscale": 0.7, "mscale_all_dim": 0.8, "truncate": false}"""));
    }

    [Fact]
    public void Parse_RopeParameters_HoldThetaAndKind()
    {
        ModelConfig plain = ModelConfig.Parse(With(""" "rope_parameters": {"rope_theta": 5e5, "rope_type": "default"}, "dtype": "float16" """));
        ModelConfig scaled = ModelConfig.Parse(With(
            """ "rope_parameters": {"rope_theta": 7e5, "rope_type": "llama3", "factor": 32, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 8192}"""));

        Assert.Equal((new RotaryPlan(16, 500_000), StoredType.F16), (Attention(plain).Rotary, plain.WeightType));
        Assert.Equal(new RotaryPlan(16, 700_000) { Scaling = new RopeScaling.Llama3(32, 1, 4, 8192) }, Attention(scaled).Rotary);
    }

    // As transformers 5: rope_scaling, where it says anything, stands for all of rope_parameters.
    [Theory]
    [InlineData(""" "rope_parameters": {"rope_theta": 10000.0, "rope_type": "default"}, "rope_scaling": {"type": "linear", "factor": 3} """, 10_000, 3.0)]
    [InlineData(""" "rope_theta": 5e5, "rope_parameters": {"rope_theta": 5e5, "rope_type": "linear", "factor": 2}, "rope_scaling": {"rope_type": "linear", "factor": 3} """, 500_000, 3.0)]
    [InlineData(""" "rope_parameters": {"rope_theta": 7e5, "rope_type": "default"}, "rope_scaling": {"rope_type": "linear", "factor": 3, "rope_theta": 7e5} """, 700_000, 3.0)]
    [InlineData(""" "rope_parameters": {"rope_theta": 7e5, "rope_type": "linear", "factor": 2}, "rope_scaling": null """, 700_000, 2.0)]
    [InlineData(""" "rope_parameters": {"rope_theta": 7e5, "rope_type": "linear", "factor": 2}, "rope_scaling": {} """, 700_000, 2.0)]
    [InlineData(""" "rope_parameters": {"rope_type": "linear", "factor": 2}, "rope_theta": 3e5 """, 300_000, 2.0)]
    [InlineData(""" "rope_theta": 3e5, "rope_scaling": {"rope_type": "linear", "factor": 2, "rope_theta": 4e5} """, 400_000, 2.0)]
    public void Parse_RopeSaidTwice_ScalingReplacesParameters(string fields, double theta, double factor)
    {
        ModelConfig config = ModelConfig.Parse(With(fields));
        Assert.Equal(new RotaryPlan(16, theta) { Scaling = new RopeScaling.Linear(factor) }, Attention(config).Rotary);
    }

    [Theory]
    [InlineData("\"eos_token_id\": 3", null, "3")]
    [InlineData("\"eos_token_id\": [3, 4, 3]", null, "3,4")]
    [InlineData("\"eos_token_id\": 3", "{\"eos_token_id\": [5, 6]}", "5,6")]
    [InlineData("\"eos_token_id\": 3", "{\"eos_token_id\": null}", "3")]
    [InlineData("\"eos_token_id\": null", "{\"temperature\": 1}", "")]
    public void Load_EosTokenIds_GenerationConfigComesFirst(string fields, string? generation, string expected)
    {
        _scratch.Write(ModelConfig.FileName, With(fields));
        if (generation is not null)
        {
            _scratch.Write(ModelConfig.GenerationFileName, generation);
        }

        Assert.Equal(expected, string.Join(',', ModelConfig.Load(_scratch.Root).EosTokenIds));
    }

    [Theory]
    [InlineData("\"hidden_size\": -5", "config.json: hidden_size is -5; expected a whole number from 1 to 1048576.")]
    [InlineData("\"hidden_size\": 64.5", "hidden_size is 64.5; expected a whole number")]
    [InlineData("\"vocab_size\": null", "vocab_size is missing; expected a whole number")]
    [InlineData("\"vocab_size\": \"many\"", "vocab_size is \"many\"; expected")]
    [InlineData("\"num_hidden_layers\": 99999999999", "num_hidden_layers is 99999999999; expected a whole number from 1 to 4096.")]
    [InlineData("\"num_key_value_heads\": 3", "num_key_value_heads is 3; expected a divisor of num_attention_heads, 4.")]
    [InlineData("\"hidden_size\": 66", "hidden_size is 66; expected an even multiple of num_attention_heads, 4, where head_dim is missing.")]
    [InlineData("\"head_dim\": 15", "head_dim is 15; expected an even number")]
    [InlineData("\"rms_norm_eps\": 0", "rms_norm_eps is 0; expected a number above 0, at most 1.")]
    [InlineData("\"rope_theta\": 1e999", "rope_theta is 1e999; expected a number above 0")]
    [InlineData("\"tie_word_embeddings\": 1", "tie_word_embeddings is 1; expected true or false.")]
    [InlineData("\"hidden_act\": \"gelu\"", "hidden_act is \"gelu\"; only \"silu\" is supported.")]
    [InlineData("\"model_type\": \"qwen2\", \"layer_types\": [\"full_attention\", \"sliding_attention\"]", "sliding_window is missing; expected the tokens that a sliding layer sees.")]
    [InlineData("\"model_type\": \"olmo3\", \"layer_types\": [\"full_attention\"]", "layer_types is [\"full_attention\"]; expected num_hidden_layers, 2, entries")]
    [InlineData("\"model_type\": \"phi3\", \"rope_scaling\": {\"type\": \"longrope\", \"short_factor\": [1], \"long_factor\": [1,1,1,1,1,1,1,1]}", "rope_scaling.short_factor is [1]; expected 8 positive numbers")]
    [InlineData("\"layer_types\": [\"full_attention\", \"sliding_attention\"]", "only \"full_attention\" is supported.")]
    [InlineData("\"quantization_config\": {\"bits\": 4}", "quantization_config is {\"bits\":4}; quantized weights are not supported")]
    [InlineData("\"partial_rotary_factor\": 0.5", "partial_rotary_factor is 0.5; only 1 is supported.")]
    [InlineData("\"torch_dtype\": \"int8\"", "torch_dtype is \"int8\"; expected \"float64\"")]
    [InlineData("\"eos_token_id\": [1, 100]", "eos_token_id is [1,100]; expected a token id, or a list of them, from 0 to 99.")]
    [InlineData("\"bos_token_id\": -1", "bos_token_id is -1; expected a token id")]
    [InlineData("\"rope_scaling\": {\"type\": \"ntk\", \"factor\": 2}", "rope_scaling.type is \"ntk\"; supported are \"default\", \"linear\", \"dynamic\", \"llama3\", \"longrope\" and \"yarn\".")]
    [InlineData(
        "\"rope_parameters\": {\"rope_theta\": 5e5}, \"rope_scaling\": {\"type\": \"linear\", \"factor\": 2}",
        "rope_parameters.rope_theta is 5e5; rope_scaling replaces rope_parameters, which makes it 10000. Name rope_theta within rope_scaling, or keep one of the two sections.")]
    [InlineData("\"rope_scaling\": {\"factor\": 2}", "rope_scaling.rope_type is missing; expected the kind of scaling")]
    [InlineData("\"rope_scaling\": {\"type\": \"linear\"}", "rope_scaling.factor is missing; expected a number")]
    [InlineData("\"rope_scaling\": {\"type\": \"yarn\", \"factor\": 0.5}", "rope_scaling.factor is 0.5; expected at least 1.")]
    [InlineData("\"rope_scaling\": {\"type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 4, \"high_freq_factor\": 4, \"original_max_position_embeddings\": 64}", "rope_scaling.high_freq_factor is 4; expected more than low_freq_factor, 4.")]
    [InlineData("\"rope_scaling\": 3", "rope_scaling is 3; expected an object.")]
    [InlineData("\"model_type\": \"bert\"", "config.json: model_type is \"bert\"; supported are \"gemma3\", \"gemma3_text\", ")]
    [InlineData("\"model_type\": null", "model_type is missing; supported are")]
    public void Parse_UnusableField_SaysWhichAndWhatWasExpected(string field, string expected)
    {
        var error = Assert.Throws<CheckpointException>(() => ModelConfig.Parse(With(field)));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Load_SeveralProblems_AllAreNamedWithTheirFile()
    {
        _scratch.Write(ModelConfig.FileName, With("\"hidden_size\": 0, \"rms_norm_eps\": null"));
        _scratch.Write(ModelConfig.GenerationFileName, """{"eos_token_id": 1000}""");

        string[] lines = Assert.Throws<CheckpointException>(() => ModelConfig.Load(_scratch.Root)).Message.Split(Environment.NewLine);

        Assert.Equal(3, lines.Length);
        Assert.StartsWith($"{_scratch["config.json"]}: hidden_size is 0;", lines[0], StringComparison.Ordinal);
        Assert.StartsWith($"{_scratch["config.json"]}: rms_norm_eps is missing;", lines[1], StringComparison.Ordinal);
        Assert.StartsWith($"{_scratch["generation_config.json"]}: eos_token_id is 1000;", lines[2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", "not usable JSON")]
    [InlineData("[]", "holds no JSON object")]
    [InlineData("{\"a\":1,\"a\":2}", "Duplicate property 'a'")]
    public void Parse_NoJsonObject_SaysSo(string json, string expected) =>
        Assert.Contains(expected, Assert.Throws<CheckpointException>(() => ModelConfig.Parse(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void Load_NoConfigFile_SaysWhatWasExpected() => Assert.Contains(
        "Expected a model's directory with config.json.", Assert.Throws<CheckpointException>(() => ModelConfig.Load(_scratch.Root)).Message, StringComparison.Ordinal);

    [GoldenFact("models/qwen3")]
    public void Save_NothingChanged_IsTheSameBytes()
    {
        string directory = Golden.Find("models/qwen3");
        ModelConfig.Load(directory).Save(_scratch.Root);
        Assert.Equal(File.ReadAllBytes(Path.Combine(directory, "config.json")), File.ReadAllBytes(_scratch["config.json"]));
    }

    [Fact]
    public void Save_RawEdited_WritesTheEditAndKeepsUnknownKeys()
    {
        ModelConfig config = ModelConfig.Parse(With("\"torch_dtype\": \"float32\", \"unknown\": {\"é\": 1.0}"));
        config.Raw["torch_dtype"] = "bfloat16";
        config.Save(_scratch.Root);

        JsonObject saved = JsonNode.Parse(File.ReadAllText(_scratch["config.json"]))!.AsObject();
        Assert.Equal(StoredType.BF16, ModelConfig.Load(_scratch.Root).WeightType);
        Assert.True(JsonNode.DeepEquals(config.Raw, saved));
        Assert.Contains("    \"é\": 1.0\n", File.ReadAllText(_scratch["config.json"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_ThousandsOfMutations_FailsCleanlyOrGivesASoundConfig()
    {
        const string puts = "0123456789{}[]\",:-e\\.tn\0é";
        var random = new Random(20250102);
        string sound = With("""
            "eos_token_id": [3, 4], "rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 64}
            """);
        int accepted = 0;
        for (int round = 0; round < 3000; round++)
        {
            char[] text = sound.ToCharArray();
            for (int edits = random.Next(1, 4); edits > 0; edits--)
            {
                text[random.Next(text.Length)] = puts[random.Next(puts.Length)];
            }

            try
            {
                ModelConfig config = ModelConfig.Parse(new string(text));
                Assert.True(config is { HiddenSize: > 0, Layers.Count: > 0, ParameterCount: > 0 } && Attention(config).HeadSize > 0);
                accepted++;
            }
            catch (CheckpointException error)
            {
                Assert.StartsWith("config.json", error.Message, StringComparison.Ordinal);
            }
        }

        Assert.InRange(accepted, 30, 2900);
    }

    private static AttentionPlan Attention(ModelConfig config) => (AttentionPlan)config.Layers[0].Mixer;

    private static RopeScaling? Scaling(string fields) => Attention(ModelConfig.Parse(With(fields))).Rotary!.Scaling;

    // The minimal config with fields replaced or added; a null value takes a field away.
    private static string With(string fields)
    {
        JsonObject config = JsonNode.Parse(Minimal)!.AsObject();
        string text = "{" + fields + "}";
        foreach ((string key, JsonNode? value) in JsonNode.Parse(text)!.AsObject())
        {
            config[key] = value?.DeepClone();
        }

        return config.ToJsonString();
    }
}
