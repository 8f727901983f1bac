using Rlt.Models;
using Rlt.Models.Gradients;
using Rlt.Models.Layers;
using Rlt.Platform;
using Rlt.Training.Optimization;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlt.Tests.Platform;

/// <summary>Each fused kernel against plain operators in float64 on the same, already rounded, inputs; forward and backward.</summary>
public sealed class CpuKernelsTests : IDisposable
{
    private readonly long _liveBefore = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
    private readonly DisposeScope _scope = NewDisposeScope();

    public CpuKernelsTests() => manual_seed(11);

    public static TheoryData<ScalarType, int, int> Shapes => new()
    {
        { ScalarType.Float32, 1, 8 }, { ScalarType.Float32, 33, 40 }, { ScalarType.Float32, 700, 96 }, { ScalarType.BFloat16, 1, 8 }, { ScalarType.BFloat16, 33, 40 }, { ScalarType.BFloat16, 700, 96 },
    };

    public static TheoryData<ScalarType, int, int, int> Heads => new()
    {
        { ScalarType.Float32, 4, 2, 16 }, { ScalarType.Float32, 3, 1, 8 }, { ScalarType.Float32, 14, 2, 64 }, { ScalarType.Float32, 2, 2, 24 },
        { ScalarType.BFloat16, 4, 2, 16 }, { ScalarType.BFloat16, 3, 1, 8 }, { ScalarType.BFloat16, 14, 2, 64 }, { ScalarType.BFloat16, 2, 2, 24 },
    };

    public static TheoryData<ScalarType, int, int, int> Products => new()
    {
        { ScalarType.Float32, 1, 512, 48 }, { ScalarType.Float32, 3, 30, 17 }, { ScalarType.Float32, 8, 100, 64 }, { ScalarType.Float32, 13, 70, 130 }, { ScalarType.Float32, 100, 64, 64 },
        { ScalarType.Float32, 150, 75, 113 }, { ScalarType.BFloat16, 150, 98, 113 },
        { ScalarType.BFloat16, 1, 512, 48 }, { ScalarType.BFloat16, 3, 30, 17 }, { ScalarType.BFloat16, 8, 100, 64 }, { ScalarType.BFloat16, 13, 70, 130 }, { ScalarType.BFloat16, 5, 33, 16 }, { ScalarType.BFloat16, 100, 64, 64 },
    };

    public void Dispose()
    {
        _scope.Dispose();
        Assert.Equal(_liveBefore, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [KernelTheory]
    [MemberData(nameof(Shapes))]
    public void RmsNorm_AnyRows_EqualsPlain(ScalarType dtype, int rows, int width) =>
        AssertSame(dtype, [[rows, width]], [[width]], (x, weights, tape) => new RmsNorm(weights[0], 1e-6).Apply(x[0], tape));

    [KernelTheory]
    [MemberData(nameof(Shapes))]
    public void AddRmsNorm_BothResultsUsed_EqualsPlain(ScalarType dtype, int rows, int width) => AssertSame(
        dtype, [[rows, width], [rows, width]], [[width]],
        (x, weights, tape) =>
        {
            (Variable sum, Variable normed) = new RmsNorm(weights[0], 1e-6).AddThenApply(x[0], x[1], tape);
            return Variable.Sum(sum, normed, tape);
        });

    [KernelTheory]
    [MemberData(nameof(Shapes))]
    public void SwiGlu_AnySize_EqualsPlain(ScalarType dtype, int rows, int width) =>
        AssertSame(dtype, [[rows, width], [rows, width]], [], (x, _, tape) => GatedActivation.SwiGlu(x[0], x[1], tape));

    [KernelTheory]
    [MemberData(nameof(Heads))]
    public void Rotate_RowsAtAnyPosition_EqualsPlain(ScalarType dtype, int heads, int kvHeads, int width)
    {
        Assert.True(kvHeads <= heads);
        Tensor angles_PF = rand([64, width / 2], ScalarType.Float32) * 6;
        Tensor positions_N = tensor(TinyModel.Ids(50, 2).Select(id => (long)id).ToArray());
        var turn = new RotaryTurn(angles_PF.cos(), angles_PF.sin(), positions_N);
        AssertSame(dtype, [[50, heads, width]], [], (x, _, tape) => turn.Apply(x[0], tape));
    }

    [KernelTheory]
    [MemberData(nameof(Heads))]
    public void Attention_SegmentsWithAndWithoutParents_EqualsPlain(ScalarType dtype, int heads, int kvHeads, int width)
    {
        // A run longer than several blocks, a shared beginning with three continuations of which one is a single row.
        using var layout = new SequenceLayout([new(0, 150, -1), new(150, 70, -1), new(220, 33, 1), new(253, 1, 1), new(254, 90, 1)], CPU);
        AssertSame(
            dtype, [[344, heads, width], [344, kvHeads, width], [344, kvHeads, width]], [],
            (x, _, tape) => Attention.Packed(new AttentionRule(1 / Math.Sqrt(x[0].Data.size(-1))), x[0], x[1], x[2], layout, tape));
    }

    [KernelTheory]
    [MemberData(nameof(Products))]
    public void Linear_WithItsGradients_EqualsPlain(ScalarType dtype, int rows, int inputs, int outputs) => AssertSame(
        dtype, [[rows, inputs]], [[outputs, inputs], [outputs]],
        (x, weights, tape) => Variable.Sum(Linear.Map(x[0], weights[0], weights[1], tape), Linear.Map(x[0], weights[0], null, tape), tape));

    [KernelTheory]
    [MemberData(nameof(Products))]
    public void Linear_AnySize_EqualsPlain(ScalarType dtype, int rows, int inputs, int outputs)
    {
        using var noGrad = no_grad();
        (Tensor x, Tensor weight, Tensor bias) = (Rounded([rows, inputs], dtype), Rounded([outputs, inputs], dtype), Rounded([outputs], dtype));
        foreach (Tensor? added in new[] { null, bias })
        {
            Tensor expected = nn.functional.linear(x.to(ScalarType.Float64), weight.to(ScalarType.Float64), added?.to(ScalarType.Float64));
            AssertClose(expected, CpuKernels.Linear(x, weight, added), dtype);
        }
    }

    [KernelTheory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Linear_MoreRows_GivesEachRowTheSameBits(ScalarType dtype)
    {
        using var noGrad = no_grad();
        (Tensor x, Tensor weight, Tensor bias) = (Rounded([700, 95], dtype), Rounded([113, 95], dtype), Rounded([113], dtype));
        Tensor all = CpuKernels.Linear(x, weight, bias);
        foreach (int rows in new[] { 1, 2, 3, 4, 7, 8, 9, 16, 40, 64, 65, 112, 256, 257, 699 })
        {
            Assert.True(CpuKernels.Linear(x.narrow(0, 0, rows), weight, bias).eq(all.narrow(0, 0, rows)).all().item<bool>(), $"{rows} rows");
        }
    }

    [KernelTheory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void LogProb_AndItsGradient_EqualPlain(ScalarType dtype)
    {
        Tensor logits_NV = Rounded([40, 1000], dtype) * 4;
        Tensor targets_N = tensor(TinyModel.Ids(40, 3).Select(id => (long)id).ToArray());
        Tensor weights_N = randn([40]);
        Tensor wide_NV = logits_NV.to(ScalarType.Float64).requires_grad_();
        Tensor expected_N = (wide_NV / 0.7).log_softmax(-1).gather(1, targets_N.unsqueeze(1)).squeeze(1);
        (expected_N * weights_N.to(ScalarType.Float64)).sum().backward();
        (Tensor logProb_N, Tensor logSum_N) = CpuKernels.LogProb(logits_NV, targets_N, 0.7);
        AssertClose(expected_N.detach(), logProb_N, ScalarType.Float32);
        CpuKernels.LogProbBackward(logits_NV, targets_N, logSum_N, weights_N, 0.7);
        AssertClose(wide_NV.grad!, logits_NV, dtype);
    }

    [KernelTheory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Draw_ManyUniforms_InvertsTheDistribution(ScalarType dtype)
    {
        const int Draws = 4000;
        Tensor logits_V = Rounded([300], dtype) * 2;
        float[] uniforms = [.. Enumerable.Range(0, Draws).Select(i => (i + 0.5f) / Draws)];
        (Tensor ids_B, Tensor logProbs_B) = CpuKernels.Draw(logits_V.expand(Draws, 300).contiguous(), tensor(uniforms), 0.8);
        double[] logProbs = (logits_V.to(ScalarType.Float64) / 0.8).log_softmax(-1).data<double>().ToArray();
        long[] ids = ids_B.data<long>().ToArray();
        float[] drawn = logProbs_B.data<float>().ToArray();
        double passed = 0;
        for (int id = 0; id < 300; id++)
        {
            // Evenly spread uniforms fall on a token as often as its probability says, give or take the two at its ends.
            Assert.InRange(ids.Count(drawnId => drawnId == id), (Math.Exp(logProbs[id]) * Draws) - 1.01, (Math.Exp(logProbs[id]) * Draws) + 1.01);
            passed += Math.Exp(logProbs[id]);
        }

        Assert.Equal(1, passed, 1e-9);
        Assert.Equal(ids.Order(), ids);
        Assert.All(ids.Zip(drawn), pair => Assert.Equal(logProbs[pair.First], pair.Second, 1e-4));
        Assert.Equal(logits_V.argmax(-1).item<long>(), CpuKernels.Draw(logits_V.unsqueeze(0), tensor(new[] { 0.99f }), 0).Token_N.item<long>());
    }

    [KernelTheory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void AdamW_SomeSteps_EqualThePublishedAlgorithm(ScalarType dtype)
    {
        using var weight = new Parameter("w", Rounded([37, 5], dtype));
        using var optimizer = new AdamW([weight], new AdamWOptions { WeightDecay = 0.1 });
        using var gradients = new GradientStore([weight]);
        Tensor expected = weight.Value.detach().to(ScalarType.Float64), mean = zeros_like(expected), square = zeros_like(expected);
        for (int step = 1; step <= 4; step++)
        {
            Tensor gradient = randn([37, 5]);
            gradients.Add(weight, gradient);
            optimizer.Step(gradients, 0.01);
            gradients.Clear();
            gradient = gradient.to(ScalarType.Float64);
            mean = (mean * 0.9) + (gradient * 0.1);
            square = (square * 0.999) + (gradient * gradient * 0.001);
            expected = expected * (1 - (0.01 * 0.1));
            expected = expected - (mean / (1 - Math.Pow(0.9, step)) / ((square / (1 - Math.Pow(0.999, step))).sqrt() + 1e-8) * 0.01);
        }

        AssertClose(expected, weight.Value.detach(), dtype);
    }

    [KernelFact]
    public void Kernels_OfOtherShapes_AreRefusedByName()
    {
        Tensor x = zeros([4, 8]);
        Assert.Contains("weight", Assert.ThrowsAny<Exception>(() => CpuKernels.RmsNorm(x, zeros([7]), 1e-6)).Message, StringComparison.Ordinal);
        using var layout = new SequenceLayout([new(0, 9, -1)], CPU);
        Tensor heads = zeros([4, 2, 8]);
        Assert.Contains("outside", Assert.ThrowsAny<Exception>(() => CpuKernels.Attention(heads, heads, heads, layout.Table_S4)).Message, StringComparison.Ordinal);
        Assert.False(CpuKernels.Serve(zeros([1], ScalarType.Float64)));
    }

    private static Tensor Rounded(long[] shape, ScalarType dtype) => randn(shape).to(dtype);

    // float32 sums of some hundred terms; bfloat16 keeps 8 bits, and a result of two factors is rounded more than once.
    private static void AssertClose(Tensor expected, Tensor actual, ScalarType dtype)
    {
        Assert.Equal(expected.shape, actual.shape);
        double scale = Math.Max(1, expected.abs().max().item<double>());
        double worst = (expected - actual.to(ScalarType.Float64)).abs().max().item<double>();
        Assert.True(worst <= scale * (dtype == ScalarType.Float32 ? 2e-5 : 2e-2), $"largest difference {worst} of {scale}");
    }

    // The kernels, and float64, which goes through libtorch's operators and autograd: results and gradients of inputs and weights.
    private static void AssertSame(ScalarType dtype, long[][] inputs, long[][] weights, Func<Variable[], Parameter[], Tape?, Variable> operation)
    {
        Tensor[] narrow = [.. inputs.Concat(weights).Select(shape => Rounded(shape, dtype))];
        Tensor[] wide = [.. narrow.Select(tensor => tensor.to(ScalarType.Float64))];
        Tensor? above = null;
        (Tensor Result, Tensor[] Gradients) actual = Run(narrow), expected = Run(wide);
        AssertClose(expected.Result, actual.Result, dtype);
        foreach ((Tensor e, Tensor a) in expected.Gradients.Zip(actual.Gradients))
        {
            AssertClose(e.to(ScalarType.Float64), a, dtype);
        }

        using var noGrad = no_grad();
        Parameter[] alone = Parameters(narrow);
        AssertClose(expected.Result, operation([.. narrow.Take(inputs.Length).Select(x => new Variable(x))], alone, null).Data, dtype);
        Array.ForEach(alone, parameter => parameter.Dispose());
        Array.ForEach([.. actual.Gradients, .. expected.Gradients], gradient => gradient.Dispose());

        (Tensor Result, Tensor[] Gradients) Run(Tensor[] tensors)
        {
            using var noGrad = no_grad();
            Variable[] variables = [.. tensors.Take(inputs.Length).Select(x => new Variable(x.clone()))];
            Parameter[] parameters = Parameters(tensors);
            using var gradients = new GradientStore(parameters);
            using var tape = new Tape(gradients);
            Variable result = operation(variables, parameters, tape);
            Tensor value = result.Data.clone();
            above ??= Rounded(value.shape, dtype);
            tape.Backward(result, above.to(value.dtype));
            Tensor[] found = [.. variables.Select(variable => variable.TakeGradient()!), .. parameters.Select(parameter => gradients[parameter].clone().DetachFromDisposeScope())];
            Array.ForEach(variables, variable => variable.Free());
            Array.ForEach(parameters, parameter => parameter.Dispose());
            return (value, found);
        }

        Parameter[] Parameters(Tensor[] tensors) => [.. tensors.Skip(inputs.Length).Select((tensor, i) => new Parameter($"w{i}", tensor.alias()))];
    }
}
