using System.Text.Json.Nodes;
using Rlt.Generation;
using Rlt.Models;
using Rlt.Models.Gradients;
using Rlt.Models.Safetensors;
using Rlt.Training.Optimization;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlt.Tests.Models;

/// <summary>Every tiny golden model: hidden states, logits, log-probs, greedy decoding and gradients, against Hugging Face's.</summary>
public sealed class GoldenModelTests : IDisposable
{
    // Two float32 implementations differ by rounding alone; TOLERANCES.txt of the goldens suggests these, the wide one for Qwen3.5 and Gemma 4.
    private const double Tolerance = 1e-4;
    private const double WideTolerance = 5e-4;

    private readonly long _liveBefore = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

    public static TheoryData<string> Names =>
    [
        "qwen2_teacher", "qwen2_student_sharded", "qwen2_student_bf16", "llama_llama3rope", "qwen3",
        .. Golden.SkipWithout("2026/model_goldens") is null ? FamiliesOf2026 : [],
    ];

    private static string[] FamiliesOf2026 =>
    [
        "2026/mistral", "2026/mistral_v4form", "2026/ministral3",
        "2026/smollm3", "2026/olmo3", "2026/olmo3_v4form", "2026/phi3", "2026/phi3_longrope", "2026/gemma3", "2026/gemma3_v4form", "2026/qwen3_moe",
        "2026/qwen3_moe_v4form", "2026/qwen3_5", "2026/qwen3_5_vl", "2026/gemma4", "2026/gemma4_moe", "2026/gemma4_vl", "2026/gpt_oss",
    ];

    /// <summary>Says where the set is absent that the cases named 2026 are missing.</summary>
    [GoldenFact("2026/model_goldens")]
    public void Names_SetOf2026_IsAmongThem() => Assert.Equal(5 + FamiliesOf2026.Length, Names.Count);

    public void Dispose() => Assert.Equal(_liveBefore, DisposeScopeManager.Statistics.ThreadTotalLiveCount);

    [GoldenTheory("model_goldens")]
    [MemberData(nameof(Names))]
    public void Hidden_GoldenModel_LogitsAndLayersAgree(string name)
    {
        using var golden = new GoldenModel(name);
        for (int i = 0; i < 4; i++)
        {
            using var scope = NewDisposeScope();
            int layer = 0;
            Tensor hidden_ND = TinyModel.Hidden(golden.Model, golden.Ids(i), onLayer: x_ND =>
            {
                // The golden's last entry is after the final norm, compared below.
                if (i == 0 && layer < golden.Model.Layers.Count)
                {
                    golden.AssertClose($"hidden_0_{layer}", x_ND, golden.LogitTolerance);
                }

                layer++;
            });
            if (i == 0)
            {
                golden.AssertClose($"hidden_0_{golden.Model.Layers.Count}", hidden_ND, golden.LogitTolerance);
            }

            golden.AssertClose($"logits_{i}", golden.Model.Logits(hidden_ND), golden.LogitTolerance);
        }
    }

    [GoldenTheory("model_goldens")]
    [MemberData(nameof(Names))]
    public void LogProbs_GoldenModel_AgreeInOneBatchAtBothTemperatures(string name)
    {
        using var golden = new GoldenModel(name);
        TokenSequence[] sequences = [.. golden.Sequences.Select(sequence => new TokenSequence(GoldenModel.Ints(sequence["input_ids"]!), 1))];
        foreach ((double temperature, string field) in new[] { (0.7, "token_log_probs_temperature_0_7"), (1.0, "token_log_probs_temperature_1") })
        {
            float[][] actual = SequenceScorer.LogProbs(golden.Model, sequences, temperature, tokenBudget: 200);
            for (int i = 0; i < sequences.Length; i++)
            {
                Assert.Equal(GoldenModel.Doubles(golden.Sequences[i][field]!).Length, actual[i].Length);
                AssertClose(GoldenModel.Doubles(golden.Sequences[i][field]!), actual[i], golden.LogitTolerance, $"{name} {field} {i}");
            }
        }
    }

    [GoldenTheory("model_goldens")]
    [MemberData(nameof(Names))]
    public void SamplingEngine_Greedy_GivesGoldenTokensInAnyBatch(string name)
    {
        using var golden = new GoldenModel(name);
        string greedy = $"greedy_{golden.GreedyTokens}";
        JsonObject[] sequences = [.. golden.Sequences.Where(sequence => sequence.ContainsKey(greedy))];
        Assert.NotEmpty(sequences);
        SamplingRequest[] requests = [.. sequences.Select(sequence => new SamplingRequest(GoldenModel.Ints(sequence["input_ids"]!), [0]))];
        foreach (int rows in new[] { 1, 3, 64 })
        {
            var engine = new SamplingEngine(golden.Model, null, new SamplingOptions { Temperature = 0, MaxNewTokens = golden.GreedyTokens, MaxRows = rows });
            Sample[][] samples = engine.Run(requests);
            for (int i = 0; i < requests.Length; i++)
            {
                Assert.Equal(GoldenModel.Ints(sequences[i][greedy]!), samples[i][0].Ids);
            }
        }
    }

    [GoldenTheory("model_goldens")]
    [MemberData(nameof(Names))]
    public void LayerwisePass_MeanCrossEntropy_GradientsAgree(string name)
    {
        using var golden = new GoldenModel(name);
        using var gradients = new GradientStore(golden.Model.Trained);
        foreach (int i in Enumerable.Range(0, golden.Sequences.Length).Where(i => golden.Sequences[i].ContainsKey("grad_l2")))
        {
            using var scope = NewDisposeScope();
            var sequence = new TokenSequence(GoldenModel.Ints(golden.Sequences[i]["input_ids"]!), 1);
            using var batch = new PackedBatch([sequence], CPU);
            using var pass = new LayerwisePass(golden.Model, gradients, 1.0, keepGraphs: i % 2 == 0);
            Tensor logProbs_N = pass.Forward(batch);
            AssertClose([golden.Sequences[i]["mean_cross_entropy"]!.GetValue<double>()], [-logProbs_N.mean().item<float>()], golden.LogitTolerance, name);
            pass.Backward(full([sequence.ScoredCount], -1.0 / sequence.ScoredCount));
            AssertNorms(golden, gradients, i);
            gradients.Clear();
        }
    }

    private static void AssertNorms(GoldenModel golden, GradientStore gradients, int index)
    {
        foreach ((string parameter, JsonNode? expected) in golden.Sequences[index]["grad_l2"]!.AsObject())
        {
            Tensor sum = gradients[gradients.Parameters.First(p => p.Name == parameter)];
            AssertRelative(expected!.GetValue<double>(), sum.norm().item<float>(), golden.LogitTolerance, parameter);
            if (index == 2 && golden.Has($"grad_2/{parameter}"))
            {
                golden.AssertClose($"grad_2/{parameter}", sum, golden.LogitTolerance);
            }
        }

        AssertRelative(golden.Sequences[index]["grad_l2_total"]!.GetValue<double>(), gradients.Norm(), golden.LogitTolerance, "total");
    }

    private static void AssertRelative(double expected, double actual, double tolerance, string what) =>
        Assert.True(Math.Abs(expected - actual) <= (tolerance * Math.Abs(expected)) + 1e-6, $"{what}: expected {expected}, got {actual}");

    private static void AssertClose(double[] expected, float[] actual, double tolerance, string what)
    {
        double worst = expected.Zip(actual, (e, a) => Math.Abs(e - a)).DefaultIfEmpty().Max();
        Assert.True(worst <= tolerance, $"{what}: largest difference {worst}");
    }

    private sealed class GoldenModel : IDisposable
    {
        private readonly SafetensorsFile _tensors;
        private readonly string _name;

        public GoldenModel(string name)
        {
            _name = name;
            string set = name.StartsWith("2026/", StringComparison.Ordinal) ? "2026/" : "";
            name = name[set.Length..];
            bool isWide = name.StartsWith("qwen3_5", StringComparison.Ordinal) || name.StartsWith("gemma4", StringComparison.Ordinal);
            (LogitTolerance, GreedyTokens) = (isWide ? WideTolerance : Tolerance, set.Length > 0 ? 20 : 50);
            JsonObject meta = Golden.Json(Golden.Find($"{set}model_goldens/{name}/meta.json"));
            Sequences = [.. meta["sequences"]!.AsArray().Select(node => node!.AsObject())];
            _tensors = SafetensorsFile.Open(Golden.Find($"{set}model_goldens/{name}/tensors.safetensors"));
            Model = ModelFiles.Load(Golden.Find($"{set}models/{name}"), ScalarType.Float32, CPU);
        }

        public JsonObject[] Sequences { get; }

        public Decoder Model { get; }

        /// <summary>The tolerance that TOLERANCES.txt suggests, of logits and of gradients.</summary>
        public double LogitTolerance { get; }

        public int GreedyTokens { get; }

        public static int[] Ints(JsonNode node) => [.. node.AsArray().Select(item => item!.GetValue<int>())];

        public static double[] Doubles(JsonNode node) => [.. node.AsArray().Select(item => Golden.Number(item!))];

        public int[] Ids(int index) => Ints(Sequences[index]["input_ids"]!);

        public bool Has(string tensor) => _tensors.Entries.ContainsKey(tensor);

        public void AssertClose(string tensor, Tensor actual, double tolerance)
        {
            using var scope = NewDisposeScope();
            Tensor expected = TensorBytes.Read(_tensors, _tensors.Entries[tensor], ScalarType.Float32, CPU);
            Assert.Equal(expected.shape, actual.shape);
            double worst = (expected - actual).abs().max().item<float>();
            Assert.True(worst <= tolerance, $"{_name} {tensor}: largest difference {worst}");
        }

        public void Dispose()
        {
            _tensors.Dispose();
            Model.Dispose();
        }
    }
}
