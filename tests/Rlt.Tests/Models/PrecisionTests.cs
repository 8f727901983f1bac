using Rlt.Models;
using Rlt.Models.Gradients;
using Rlt.Models.Layers;
using Rlt.Platform;
using Rlt.Training.Optimization;
using static TorchSharp.torch;

namespace Rlt.Tests.Models;

/// <summary>What narrow weights and the number of rows do to a result, and what they must not do.</summary>
public sealed class PrecisionTests
{
    private const int Tokens = 3;

    public static TheoryData<string, ScalarType> Kinds => new()
    {
        { "qwen2", ScalarType.Float32 }, { "qwen3", ScalarType.Float32 }, { "llama", ScalarType.Float32 },
        { "qwen2", ScalarType.BFloat16 }, { "qwen3", ScalarType.BFloat16 }, { "llama", ScalarType.BFloat16 },
    };

    /// <summary>A decoding step of 1, 2, 3, 4, 17 or 64 rows: every product has a way of its own for few rows.</summary>
    [KernelTheory]
    [MemberData(nameof(Kinds))]
    public void Step_AnyNumberOfRows_SameBitsOfEachRow(string family, ScalarType type)
    {
        using Decoder model = Model(family, type);
        float[][] alone = [.. Enumerable.Range(0, 64).Select(row => Decoded(model, [row])[0])];
        foreach (int rows in new[] { 2, 3, 4, 17, 64 })
        {
            float[][] together = Decoded(model, [.. Enumerable.Range(0, rows)]);
            Assert.All(together, (logits, row) => Assert.Equal(alone[row], logits));
        }
    }

    /// <summary>The kernel that computes all layers in one call, and the layers' own passes.</summary>
    [KernelTheory]
    [MemberData(nameof(Kinds))]
    public void Step_InOneCall_GivesTheBitsOfTheLayersInTurn(string family, ScalarType type)
    {
        using Decoder model = Model(family, type);
        int[] rows = [.. Enumerable.Range(0, 5)];
        float[][] inTurn = Decoded(model, rows, (ids_B, cache, cached) => model.Logits(model.Normed(model.Top(ids_B, new CachedPass(cache, cached, CPU)))));
        Assert.Equal(inTurn, Decoded(model, rows));
    }

    /// <summary>A pass over one sequence, or over it among others.</summary>
    [KernelTheory]
    [MemberData(nameof(Kinds))]
    public void LogProbs_AnyNeighbours_SameBits(string family, ScalarType type)
    {
        using Decoder model = Model(family, type);
        TokenSequence[] sequences = [.. Enumerable.Range(0, 9).Select(i => new TokenSequence(TinyModel.Ids(5 + (23 * i), i), 1))];
        float[][] together = SequenceScorer.LogProbs(model, sequences, 1, 100_000);
        Assert.All(sequences, (sequence, i) => Assert.Equal(SequenceScorer.LogProbs(model, [sequence], 1, 100_000)[0], together[i]));
    }

    /// <summary>Where the processor has no products of bf16, narrow weights give what float32 weights of the same values give.</summary>
    [WideningTheory]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    [InlineData("llama")]
    public void NarrowWeights_WidenedWhileTheyAreRead_GiveFloat32sNumbers(string family)
    {
        using Decoder narrow = Model(family, ScalarType.BFloat16), wide = Model(family, ScalarType.BFloat16);
        foreach (Parameter parameter in wide.Parameters)
        {
            parameter.Replace(parameter.Value.to(ScalarType.Float32));
        }

        using var widened = new Decoder(wide.Config, wide.Parameters);
        Assert.Equal((ScalarType.BFloat16, ScalarType.Float32), (narrow.Dtype, narrow.ActivationType));
        TokenSequence[] sequences = [new TokenSequence(TinyModel.Ids(150), 1)];
        float[] expected = SequenceScorer.LogProbs(widened, sequences, 1, 1000)[0], actual = SequenceScorer.LogProbs(narrow, sequences, 1, 1000)[0];
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        Assert.Equal(Decoded(widened, [7])[0], Decoded(narrow, [7])[0]);

        Dictionary<string, float[]> gradients = Gradients(narrow, sequences);
        foreach ((string name, float[] sums) in Gradients(widened, sequences))
        {
            double largest = sums.Max(Math.Abs);
            Assert.All(sums.Zip(gradients[name]), pair => Assert.Equal(pair.First, pair.Second, (largest * 1e-5) + 1e-9));
        }
    }

    // The last logits of each row, whose tokens come one after another.
    private static float[][] Decoded(Decoder model, int[] rows) => Decoded(model, rows, model.Step);

    private static float[][] Decoded(Decoder model, int[] rows, Func<Tensor, SequenceCache, CachedRow[], Tensor> step)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var cache = new SequenceCache(model.Config, 1, model.ActivationType, CPU);
        CachedRow[] cached = [.. rows.Select(_ => new CachedRow())];
        Tensor logits_BV = empty(0);
        for (int t = 0; t < Tokens; t++)
        {
            logits_BV = step(tensor(rows.Select(row => (long)TinyModel.Ids(Tokens, row)[t]).ToArray()), cache, cached);
        }

        return [.. rows.Select((_, row) => logits_BV.select(0, row).to(ScalarType.Float32).data<float>().ToArray())];
    }

    private static Dictionary<string, float[]> Gradients(Decoder model, TokenSequence[] sequences)
    {
        using var gradients = new GradientStore(model.Parameters);
        MicroBatches.Backward(model, gradients, sequences, 1, 1000, keepGraphs: true, (logProbs_N, _) => -logProbs_N.sum());
        return model.Parameters.ToDictionary(parameter => parameter.Name, parameter => gradients[parameter].data<float>().ToArray());
    }

    // Widths that are no multiples of vectors or tiles.
    private static Decoder Model(string family, ScalarType type)
    {
        ModelConfig config = ModelConfig.Parse($$"""
            {
              "model_type": "{{family}}", "hidden_size": 72, "num_hidden_layers": 2, "num_attention_heads": 6, "num_key_value_heads": 2,
              "head_dim": 24, "intermediate_size": 200, "vocab_size": 64, "rms_norm_eps": 1e-6, "rope_theta": 10000.0,
              "max_position_embeddings": 512, "tie_word_embeddings": true, "hidden_act": "silu"
            }
            """);
        Decoder model = ModelFiles.Random(config, 5, type, CPU);
        using var noGrad = no_grad();
        foreach (Parameter matrix in model.Parameters.Where(parameter => parameter.Value.dim() > 1))
        {
            matrix.Value.mul_(5);
        }

        return model;
    }
}

/// <summary>A test of weights that are widened; skipped where the processor multiplies them as they are, or there are no kernels.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class WideningTheoryAttribute : TheoryAttribute
{
    public WideningTheoryAttribute() => Skip =
        KernelTheoryAttribute.Absent ?? (ProcessorLevel.MultipliesBf16 ? "this processor multiplies bf16; scripts/test.sh runs it once more below that level" : null);
}
