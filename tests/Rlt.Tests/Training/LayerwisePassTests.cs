using Rlt.Models;
using Rlt.Models.Gradients;
using Rlt.Training.Optimization;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlt.Tests.Training;

/// <summary>Gradients do not depend on how the work is cut.</summary>
public sealed class LayerwisePassTests : IDisposable
{

    private readonly long _liveBefore = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

    public static TheoryData<string> Families => TinyModel.Families;

    public void Dispose() => Assert.Equal(_liveBefore, DisposeScopeManager.Statistics.ThreadTotalLiveCount);

    [Theory]
    [MemberData(nameof(Families))]
    public void Backward_KeptAndRecomputedGraphs_GiveTheSameBits(string family)
    {
        using Decoder model = TinyModel.Sharp(family);
        TokenSequence[] sequences = Sequences();
        Dictionary<string, float[]> kept = Gradients(model, sequences, 1000, keepGraphs: true);
        Dictionary<string, float[]> recomputed = Gradients(model, sequences, 1000, keepGraphs: false);
        Assert.All(kept, pair => Assert.Equal(pair.Value, recomputed[pair.Key]));
        Assert.All(kept, pair => Assert.True(pair.Value.Any(value => value != 0), pair.Key));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Backward_AnyMicroBatch_GivesTheSameGradients(string family)
    {
        using Decoder model = TinyModel.Sharp(family);
        TokenSequence[] sequences = Sequences();
        Dictionary<string, float[]> whole = Gradients(model, sequences, 100_000, keepGraphs: false);
        foreach (int tokens in new[] { 1, 30, 60 })
        {
            AssertClose(family, whole, Gradients(model, sequences, tokens, keepGraphs: false));
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Backward_LongerNeighbours_PaddingChangesNothing(string family)
    {
        using Decoder model = TinyModel.Sharp(family);
        var shorter = new TokenSequence(TinyModel.Ids(7), 2);
        var longer = new TokenSequence(TinyModel.Ids(40, 2), 40);
        Assert.Equal(0, longer.ScoredCount);
        AssertClose(family, Gradients(model, [shorter], 1000, keepGraphs: false), Gradients(model, [longer, shorter], 1000, keepGraphs: false));
    }

    /// <summary>Rows of a shared context receive the gradients of all that follow it; float64 goes through libtorch's plain operators, as a GPU does.</summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void Backward_SharedContext_EqualsSequencesApartAndPlainOperators(string family)
    {
        using Decoder model = TinyModel.Sharp(family);
        using Decoder plain = TinyModel.Sharp(family, ScalarType.Float64);
        int[] context = TinyModel.Ids(41);
        TokenSequence[] sequences = [.. new[] { 30, 1, 12 }.Select((length, i) => new TokenSequence([.. context, .. TinyModel.Ids(length, i + 2)], 41))];
        Dictionary<string, float[]> together = Gradients(model, sequences, 1000, keepGraphs: true);
        AssertClose(family, together, Gradients(model, sequences, 1, keepGraphs: true));
        AssertClose(family, together, Gradients(plain, sequences, 1000, keepGraphs: false));
    }

    [Fact]
    public void Backward_OnlySomeParametersTrained_OthersGetNothing()
    {
        using Decoder model = TinyModel.Sharp();
        Parameter trained = model.Layers[0].Parameters[0];
        using var gradients = new GradientStore([trained]);
        Run(model, gradients, Sequences(), 1000, keepGraphs: false);
        Assert.False(gradients.Trains(model.Embedding));
        Assert.True(gradients.Norm() > 0);
        Assert.All(model.Parameters.Where(parameter => parameter != trained), parameter => Assert.False(gradients.Trains(parameter)));
    }

    [Fact]
    public void Backward_LogProbabilitiesReturned_AreTheScorers()
    {
        using Decoder model = TinyModel.Sharp();
        TokenSequence[] sequences = Sequences();
        float[][] scored = SequenceScorer.LogProbs(model, sequences, 0.7, 1000);
        using var gradients = new GradientStore(model.Parameters);
        (_, float[][] trained) = MicroBatches.Backward(model, gradients, sequences, 0.7, 40, keepGraphs: false, (logProbs_N, _) => logProbs_N.sum());
        Assert.Equal(scored.Length, trained.Length);
        for (int i = 0; i < scored.Length; i++)
        {
            Assert.Equal(scored[i].Length, trained[i].Length);
            Assert.All(scored[i].Zip(trained[i]), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        }
    }

    [Fact]
    public void Backward_BeforeForward_IsRefused()
    {
        using Decoder model = TinyModel.Sharp();
        using var gradients = new GradientStore(model.Parameters);
        using var pass = new LayerwisePass(model, gradients, 1, keepGraphs: false);
        using Tensor gradient_N = zeros([1]);
        Assert.Throws<InvalidOperationException>(() => pass.Backward(gradient_N));
    }

    private static TokenSequence[] Sequences() =>
    [
        new TokenSequence(TinyModel.Ids(20), 5), new TokenSequence(TinyModel.Ids(33, 2), 1), new TokenSequence(TinyModel.Ids(2, 3), 1),
        new TokenSequence(TinyModel.Ids(12, 4), 12), new TokenSequence(TinyModel.Ids(28, 5), 27), new TokenSequence(TinyModel.Ids(1, 6), 1),
    ];

    private static Dictionary<string, float[]> Gradients(Decoder model, TokenSequence[] sequences, int tokens, bool keepGraphs)
    {
        using var gradients = new GradientStore(model.Trained);
        Run(model, gradients, sequences, tokens, keepGraphs);
        return model.Trained.ToDictionary(parameter => parameter.Name, parameter => gradients[parameter].data<float>().ToArray());
    }

    private static void Run(Decoder model, GradientStore gradients, TokenSequence[] sequences, int tokens, bool keepGraphs)
    {
        int targets = sequences.Sum(sequence => sequence.ScoredCount);
        MicroBatches.Backward(model, gradients, sequences, 0.7, tokens, keepGraphs, (logProbs_N, _) => logProbs_N.sum() * (-1.0 / targets));
    }

    // Sums of float32 in another order, relative to the largest gradient of the parameter. States and norms of small numbers make more of a rounding.
    private static double ToleranceOf(string family) => family switch
    {
        "qwen3_5_text" => 1e-3,
        "gemma3_text" or "gemma4_text" or "gemma4_experts" or "smollm3" => 5e-5,
        _ => 3e-6,
    };

    private static void AssertClose(string family, Dictionary<string, float[]> expected, Dictionary<string, float[]> actual)
    {
        double tolerance = ToleranceOf(family);
        foreach ((string name, float[] values) in expected)
        {
            double scale = Math.Max(1e-3, values.Max(Math.Abs));
            double worst = values.Zip(actual[name], (e, a) => Math.Abs((double)e - a)).Max();
            Assert.True(worst <= tolerance * scale, $"{name}: {worst} of {scale}");
        }
    }
}
