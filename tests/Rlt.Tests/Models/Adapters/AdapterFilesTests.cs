using System.Text.Json.Nodes;
using Rlt.Models;
using Rlt.Models.Adapters;
using Rlt.Models.Safetensors;
using Rlt.Tests.Data;
using static TorchSharp.torch;

namespace Rlt.Tests.Models.Adapters;

/// <summary>Adapter directories: what is written is PEFT's, reads back as it was, and every damage is named.</summary>
public sealed class AdapterFilesTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly string _base;
    private readonly string _adapter;

    public AdapterFilesTests()
    {
        _base = TinyDirectory.Write(_scratch["base"], scale: 6);
        _adapter = _scratch["adapter"];
        using LanguageModel model = LanguageModel.LoadToTrain(_base, TinyDirectory.Device, new LoraConfig { Rank = 2, Alpha = 5, Dropout = 0.25, TargetModules = ["q_proj", "up_proj"] }, seed: 1);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        foreach (Parameter parameter in model.Decoder.Trained)
        {
            parameter.Value.add_(randn(parameter.Value.shape), 0.1);
        }

        model.Save(_adapter);
    }

    private string ConfigPath => Path.Combine(_adapter, "adapter_config.json");

    private string WeightsPath => Path.Combine(_adapter, "adapter_model.safetensors");

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Save_Adapters_WritesPeftsFilesAndNames()
    {
        Assert.Equal(
            ["adapter_config.json", "adapter_model.safetensors", "tokenizer.json", "tokenizer_config.json"],
            Directory.EnumerateFiles(_adapter).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        JsonNode config = JsonNode.Parse(File.ReadAllText(ConfigPath))!;
        Assert.Equal(("LORA", "CAUSAL_LM", _base), (Text("peft_type"), Text("task_type"), Text("base_model_name_or_path")));
        Assert.Equal(("2", "5", "0.25", "none"), (Text("r"), Text("lora_alpha"), Text("lora_dropout"), Text("bias")));
        Assert.Equal(("false", "true"), (Text("fan_in_fan_out"), Text("inference_mode")));
        Assert.Equal(["q_proj", "up_proj"], config["target_modules"]!.AsArray().Select(module => module!.GetValue<string>()));
        using SafetensorsFile weights = SafetensorsFile.Open(WeightsPath);
        Assert.Equal(
            [
                "base_model.model.model.layers.0.mlp.up_proj.lora_A.weight 2,16", "base_model.model.model.layers.0.mlp.up_proj.lora_B.weight 32,2",
                "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight 2,16", "base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight 16,2",
                "base_model.model.model.layers.1.mlp.up_proj.lora_A.weight 2,16", "base_model.model.model.layers.1.mlp.up_proj.lora_B.weight 32,2",
                "base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight 2,16", "base_model.model.model.layers.1.self_attn.q_proj.lora_B.weight 16,2",
            ],
            weights.Entries.Values.Select(entry => $"{entry.Name} {string.Join(',', entry.Shape)}").Order(StringComparer.Ordinal));

        string Text(string key) => config[key]!.ToString();
    }

    [GoldenTheory("models")]
    [InlineData("qwen2_teacher")]
    [InlineData("qwen2_student_sharded")]
    [InlineData("qwen2_student_bf16")]
    [InlineData("llama_llama3rope")]
    [InlineData("qwen3")]
    public void Save_AdaptersOfEveryFamily_FollowFromTheBaseModelsFilesAlone(string name)
    {
        const int Rank = 3;
        string source = Golden.Find($"models/{name}"), saved = _scratch["family"];
        using (LanguageModel model = LanguageModel.LoadToTrain(source, TinyDirectory.Device, new LoraConfig { Rank = Rank }, seed: 1))
        {
            model.Save(saved);
        }

        // PEFT wraps every named linear map: A maps its inputs to the rank, B the rank to its outputs.
        var expected = new List<string>();
        using (WeightFiles weights = WeightFiles.Open(source))
        {
            foreach ((SafetensorsFile _, TensorEntry entry) in weights.Entries.Values.Where(pair => pair.Entry.Name.EndsWith("_proj.weight", StringComparison.Ordinal)))
            {
                string module = "base_model.model." + entry.Name[..^".weight".Length];
                expected.Add($"{module}.lora_A.weight {Rank},{entry.Shape[1]}");
                expected.Add($"{module}.lora_B.weight {entry.Shape[0]},{Rank}");
            }
        }

        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(saved, "adapter_model.safetensors"));
        Assert.Equal(expected.Order(StringComparer.Ordinal), file.Entries.Values.Select(entry => $"{entry.Name} {string.Join(',', entry.Shape)}").Order(StringComparer.Ordinal));
        string[] files = ["adapter_config.json", "adapter_model.safetensors", "generation_config.json", "merges.txt", "tokenizer.json", "tokenizer_config.json", "vocab.json"];
        Assert.Equal(files, Directory.EnumerateFiles(saved).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
        Assert.All(files.Skip(2), companion => Assert.Equal(File.ReadAllBytes(Path.Combine(source, companion)), File.ReadAllBytes(Path.Combine(saved, companion))));
    }

    [Fact]
    public void Save_AdapterConfig_HasOnlyFieldsThatPeftKnows()
    {
        // Of the fields of PEFT's LoraConfig (0.20), those of plain LoRA; PEFT warns of a name that it does not know.
        string[] known =
        [
            "alpha_pattern", "auto_mapping", "base_model_name_or_path", "bias", "fan_in_fan_out", "inference_mode", "init_lora_weights", "layer_replication", "layers_pattern",
            "layers_to_transform", "loftq_config", "lora_alpha", "lora_dropout", "megatron_config", "megatron_core", "modules_to_save", "peft_type", "r", "rank_pattern", "revision",
            "target_modules", "task_type", "use_dora", "use_rslora",
        ];
        Assert.Empty(Golden.Json(ConfigPath).Select(field => field.Key).Except(known));
    }

    [Fact]
    public void Load_AdapterDirectory_IsTheModelThatWasSaved()
    {
        using LanguageModel model = LanguageModel.Load(_adapter, TinyDirectory.Device);
        Assert.Equal((_adapter, _base), (model.Directory, model.BaseDirectory));
        Assert.Equal((2, 5.0, 0.25), (model.Decoder.Adapters!.Layout.Rank, model.Decoder.Adapters.Layout.Alpha, model.Decoder.Adapters.Layout.Dropout));
        Assert.NotNull(model.Template);
        model.Save(_scratch["again"]);
        Assert.Equal(File.ReadAllBytes(WeightsPath), File.ReadAllBytes(_scratch["again/adapter_model.safetensors"]));
        Assert.Equal(File.ReadAllText(ConfigPath), File.ReadAllText(_scratch["again/adapter_config.json"]));
        using Decoder whole = ModelFiles.Load(_base, null, CPU);
        TokenSequence[] sequences = [new TokenSequence(TinyModel.Ids(20), 1)];
        Assert.NotEqual(SequenceScorer.LogProbs(whole, sequences, 1, 100)[0], SequenceScorer.LogProbs(model.Decoder, sequences, 1, 100)[0]);
    }

    [Fact]
    public void Load_DirectoryWithoutTokenizer_TakesTheBases()
    {
        File.Delete(Path.Combine(_adapter, "tokenizer.json"));
        using LanguageModel model = LanguageModel.Load(_adapter, TinyDirectory.Device);
        Assert.Equal(_base, model.TokenizerDirectory);
    }

    [Fact]
    public void Load_RelativeBase_IsRelativeToTheWorkingDirectory()
    {
        Edit("base_model_name_or_path", Path.GetRelativePath(Directory.GetCurrentDirectory(), _base));
        using LanguageModel model = LanguageModel.Load(_adapter, TinyDirectory.Device);
        Assert.NotNull(model.Decoder.Adapters);
    }

    [Theory]
    [InlineData("peft_type", "\"IA3\"", "peft_type is \"IA3\"; expected \"LORA\".")]
    [InlineData("bias", "\"all\"", "bias is \"all\"; expected \"none\"; trained biases are not supported.")]
    [InlineData("use_dora", "true", "use_dora is true; expected false.")]
    [InlineData("modules_to_save", "[\"lm_head\"]", "modules_to_save is [\"lm_head\"]; expected null.")]
    [InlineData("alora_invocation_tokens", "[5]", "alora_invocation_tokens is [5]; expected null.")]
    [InlineData("init_lora_weights", "\"olora\"", "init_lora_weights is \"olora\"; expected a start that leaves the base model's weights as they are. Save the adapters as plain LoRA (PEFT: save_pretrained with path_initial_model_for_weight_conversion).")]
    [InlineData("init_lora_weights", "\"pissa_niter_4\"", "init_lora_weights is \"pissa_niter_4\"; expected a start that leaves the base model's weights as they are. Save the adapters as plain LoRA (PEFT: save_pretrained with path_initial_model_for_weight_conversion).")]
    [InlineData("rank_pattern", "{\"q_proj\": 0}", "rank_pattern.q_proj is 0; expected a whole number from 1 to 65536.")]
    [InlineData("alpha_pattern", "{\"q_proj\": -1}", "alpha_pattern.q_proj is -1; expected a number above 0, at most 1.7976931348623157E+308.")]
    [InlineData("rank_pattern", "[4]", "rank_pattern is [4]; expected an object.")]
    [InlineData("r", "0", "r is 0; expected a whole number from 1 to 65536.")]
    [InlineData("lora_alpha", "0", "lora_alpha is 0; expected a number above 0, at most 1.7976931348623157E+308.")]
    [InlineData("lora_dropout", "1", "lora_dropout is 1; expected 0 to below 1.")]
    [InlineData("target_modules", "[\"lm_head\"]", "target_modules is [\"lm_head\"]; expected some of q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj (or longer ends of names, self_attn.q_proj), a pattern for whole names of such, or \"all-linear\".")]
    [InlineData("target_modules", "[\"q_proj\", \"lm_head\"]", "target_modules is [\"q_proj\",\"lm_head\"]; expected some of q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj (or longer ends of names, self_attn.q_proj), a pattern for whole names of such, or \"all-linear\".")]
    [InlineData("target_modules", "\"q_proj\"", "target_modules is \"q_proj\"; expected some of q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj (or longer ends of names, self_attn.q_proj), a pattern for whole names of such, or \"all-linear\".")]
    [InlineData("target_modules", "null", "target_modules is missing; expected some of q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj (or longer ends of names, self_attn.q_proj), a pattern for whole names of such, or \"all-linear\".")]
    [InlineData("target_modules", "\".*(q_proj\"", "target_modules is \".*(q_proj\"; it cannot be matched: Invalid pattern '\\A(?:.*(q_proj)\\z' at offset 17. Not enough )'s.")]
    public void Load_OtherKindsOfAdapters_AreRefused(string key, string value, string message)
    {
        Edit(key, JsonNode.Parse(value));
        Assert.Equal($"{ConfigPath}: {message}", Refused());
    }

    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    [InlineData("\"gaussian\"")]
    [InlineData("\"orthogonal\"")]
    public void Load_StartThatLeavesTheBaseAsItIs_IsRead(string start)
    {
        Edit("init_lora_weights", JsonNode.Parse(start));
        using LanguageModel model = LanguageModel.Load(_adapter, TinyDirectory.Device);
        Assert.NotNull(model.Decoder.Adapters);
    }

    // The adapters are those of q_proj and up_proj in both layers.
    [Theory]
    [InlineData("\"model\\\\.layers\\\\.[01]\\\\.(self_attn|mlp)\\\\.(q|up)_proj\"")]
    [InlineData("\".*\\\\.(?P<name>q_proj|up_proj)\"")]
    [InlineData("\"(?!.*visual).*(?:q|up)_proj\"")]
    [InlineData("[\"self_attn.q_proj\", \"mlp.up_proj\"]")]
    [InlineData("[\"up_proj\", \"model.layers.0.self_attn.q_proj\", \"layers.1.self_attn.q_proj\"]")]
    [InlineData("[\"q_proj\", \"up_proj\", \"query_key_value\"]")]
    public void Load_TargetModulesAsPeftReadsThem_AreTheSameAdapters(string targets)
    {
        float[] expected = LogProbs();
        Edit("target_modules", JsonNode.Parse(targets));
        Assert.Equal(expected, LogProbs());
        using LanguageModel model = LanguageModel.Load(_adapter, TinyDirectory.Device);
        model.Save(_scratch["again"]);
        Assert.Equal(JsonNode.Parse(targets)!.ToJsonString(), Golden.Json(_scratch["again/adapter_config.json"])["target_modules"]!.ToJsonString());
    }

    [Theory]
    [InlineData("\"all-linear\"", 14)]
    [InlineData("\"ALL-LINEAR\"", 14)]
    [InlineData("[\"v_proj\"]", 2)]
    public void Load_TargetModules_SayHowManyAdaptersThereAre(string targets, int count)
    {
        Edit("target_modules", JsonNode.Parse(targets));
        int held = targets.Contains("v_proj", StringComparison.Ordinal) ? 0 : 4;
        Assert.Contains($": {(count - held) * 2} missing (", Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_RankStabilised_ScalesByTheRootOfTheRank()
    {
        Edit("use_rslora", true);
        float[] stabilised = LogProbs();
        Edit("use_rslora", false);
        Assert.NotEqual(stabilised, LogProbs());

        // r is 2: alpha / sqrt(2) is what an alpha of 5 sqrt(2) over 2 is.
        Edit("lora_alpha", 5 * Math.Sqrt(2));
        Assert.Equal(stabilised, LogProbs());
    }

    [Fact]
    public void Load_AlphaPattern_IsOfTheModulesThatItFits()
    {
        Edit("alpha_pattern", JsonNode.Parse("""{"layers.1.self_attn.q_proj": 9, ".*up_proj": 7}"""));
        using LanguageModel model = LanguageModel.Load(_adapter, TinyDirectory.Device);
        Assert.Equal(
            ["0 mlp.up_proj 3.5", "0 self_attn.q_proj 2.5", "1 mlp.up_proj 3.5", "1 self_attn.q_proj 4.5"],
            Scales(model.Decoder));
        model.Save(_scratch["again"]);
        Assert.Equal("""{"layers.1.self_attn.q_proj":9,".*up_proj":7}""", Golden.Json(_scratch["again/adapter_config.json"])["alpha_pattern"]!.ToJsonString());
    }

    [Fact]
    public void Load_RankPattern_IsTheRankAndTheScaleOfTheModulesThatItFits()
    {
        Rewrite((name, shape) => name.Contains("up_proj", StringComparison.Ordinal) ? [.. shape.Select(size => size == 2 ? 4 : size)] : shape);
        Edit("rank_pattern", JsonNode.Parse("""{"up_proj": 4}"""));
        using LanguageModel model = LanguageModel.Load(_adapter, TinyDirectory.Device);
        Assert.Equal(["0 mlp.up_proj 1.25", "0 self_attn.q_proj 2.5", "1 mlp.up_proj 1.25", "1 self_attn.q_proj 2.5"], Scales(model.Decoder));
    }

    [Fact]
    public void Load_AdaptersBesideTheirBaseModel_AreOfTheModelInTheirDirectory()
    {
        float[] expected = LogProbs();
        foreach (string file in Directory.EnumerateFiles(_base))
        {
            File.Copy(file, Path.Combine(_adapter, Path.GetFileName(file)), overwrite: true);
        }

        Directory.Delete(_base, recursive: true);
        foreach (JsonNode? named in new JsonNode?[] { "someone/somewhere", _adapter, null })
        {
            Edit("base_model_name_or_path", named);
            using LanguageModel model = LanguageModel.Load(_adapter, TinyDirectory.Device);
            Assert.Equal(_adapter, model.BaseDirectory);
            Assert.Equal(expected, LogProbs(model.Decoder));
            using LanguageModel bare = model.WithoutAdapters();
            Assert.Null(bare.Decoder.Adapters);
            Assert.Null(bare.Text.Lora);
        }
    }

    [Fact]
    public void Load_EmbeddingSavedAlong_IsAcceptedWhileItIsTheBasesOwn()
    {
        float[] expected = LogProbs();
        const string Name = "base_model.model.model.embed_tokens.weight";
        using Decoder whole = ModelFiles.Load(_base, null, CPU);
        using Tensor embedding = whole.Embedding.Value.clone();
        Rewrite((_, shape) => shape, (Name, embedding));
        Assert.Equal(expected, LogProbs());

        using (no_grad())
        {
            embedding[3, 5] = 7;
        }

        Rewrite((_, shape) => shape, (Name, embedding));
        Assert.Equal(
            $"{WeightsPath}: '{Name}' is not the base model's own; only adapters of linear maps are supported, no embedding or head that was trained or resized. Is the base model another one?", Refused());
    }

    [Fact]
    public void Load_BaseNotThere_SaysWhereItWasLookedFor()
    {
        Edit("base_model_name_or_path", "../none");
        Assert.Equal(
            $"{ConfigPath}: base_model_name_or_path is \"../none\"; expected the directory of a whole model, absolute or relative to the working directory ({Directory.GetCurrentDirectory()}). Fetch that model, or correct the path.",
            Refused());
    }

    [Fact]
    public void Load_BaseOnTheHubNotToBeHad_SaysBothReadings()
    {
        Edit("base_model_name_or_path", "Qwen/none");
        Assert.StartsWith($"{ConfigPath}: base_model_name_or_path: Qwen/none: there is no such folder here ({Path.GetFullPath("Qwen/none")}), and as a model of the Hub: ",
            Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_OtherModules_NamesWhatIsMissingAndUnexpected()
    {
        Edit("target_modules", new JsonArray("q_proj", "k_proj"));
        Assert.Equal(
            $"{WeightsPath}: the weights are not those of adapter_config.json and the base model: 4 missing (base_model.model.model.layers.0.self_attn.k_proj.lora_A.weight, …), "
            + "4 unexpected (base_model.model.model.layers.0.mlp.up_proj.lora_A.weight, …). Is the base model another one?",
            Refused());
    }

    [Fact]
    public void Load_OtherRank_NamesTheShapes()
    {
        Edit("r", 3);
        Assert.Equal(
            $"{WeightsPath}: 'base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight' has shape [2, 16], rank and base model ask for [3, 16]. Is the base model another one?", Refused());
    }

    [Fact]
    public void Load_NoWeights_SaysSo()
    {
        File.Delete(WeightsPath);
        Assert.Equal($"{_adapter}: no adapter_model.safetensors beside adapter_config.json. Is the download complete?", Refused());
        File.WriteAllText(Path.Combine(_adapter, "adapter_model.bin"), "");
        Assert.Equal($"{_adapter}: no adapter_model.safetensors beside adapter_config.json. It has adapter_model.bin; save it again as safetensors.", Refused());
    }

    [Fact]
    public void LoadToTrain_AdapterDirectory_SaysToMerge() => Assert.Equal(
        $"{_adapter} holds LoRA adapters; training begins at a whole model. Make one first: rlt merge --model {_adapter} --out DIR",
        Assert.Throws<CheckpointException>(() => LanguageModel.LoadToTrain(_adapter, TinyDirectory.Device, null, 0)).Message);

    private static IEnumerable<string> Scales(Decoder model) => model.Layers
        .SelectMany(layer => layer.Linears).Where(linear => linear.Adapter is not null)
        .Select(linear => FormattableString.Invariant($"{linear.Weight.Name["model.layers.".Length..^".weight".Length].Replace("0.", "0 ", StringComparison.Ordinal).Replace("1.", "1 ", StringComparison.Ordinal)} {linear.Adapter!.Scale}"))
        .Order(StringComparer.Ordinal);

    private static float[] LogProbs(Decoder model) => SequenceScorer.LogProbs(model, [new TokenSequence(TinyModel.Ids(20), 1)], 1, 100)[0];

    private float[] LogProbs()
    {
        using LanguageModel model = LanguageModel.Load(_adapter, TinyDirectory.Device);
        return LogProbs(model.Decoder);
    }

    private void Rewrite(Func<string, long[], long[]> shapeOf, params (string Name, Tensor Value)[] more) => AdapterRewriter.Rewrite(WeightsPath, shapeOf, more);

    private string Refused() => Assert.Throws<CheckpointException>(() => LanguageModel.Load(_adapter, TinyDirectory.Device)).Message;

    private void Edit(string key, JsonNode? value)
    {
        JsonObject config = JsonNode.Parse(File.ReadAllText(ConfigPath))!.AsObject();
        config[key] = value;
        File.WriteAllText(ConfigPath, config.ToJsonString(new System.Text.Json.JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
    }
}
