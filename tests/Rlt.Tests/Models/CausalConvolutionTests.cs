using Rlt.Models;
using Rlt.Models.Gradients;
using Rlt.Models.Layers;
using Rlt.Platform;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlt.Tests.Models;

/// <summary>The causal convolution against libtorch's, and one result by several ways; float64 goes through plain operators.</summary>
public sealed class CausalConvolutionTests : IDisposable
{
    // Sequences shorter and longer than the weights reach, beginnings shorter than that too, and more rows than one thread takes at once.
    private static readonly SequenceSegment[] Segments =
        [new(0, 1, -1), new(1, 2, -1), new(3, 130, -1), new(133, 2, -1), new(135, 1, 3), new(136, 70, 3), new(206, 65, -1), new(271, 2, 6), new(273, 9, 6)];

    private readonly long _liveBefore = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
    private readonly DisposeScope _scope = NewDisposeScope();

    public CausalConvolutionTests() => manual_seed(6);

    // dtype of rows and of weights, channels, taps
    public static TheoryData<ScalarType, ScalarType, int, int> Cases => new()
    {
        { ScalarType.Float32, ScalarType.Float32, 40, 4 },
        { ScalarType.Float32, ScalarType.Float32, 515, 4 },
        { ScalarType.Float32, ScalarType.BFloat16, 13, 2 },
        { ScalarType.BFloat16, ScalarType.BFloat16, 515, 4 },
        { ScalarType.BFloat16, ScalarType.Float32, 37, 3 },
        { ScalarType.Float64, ScalarType.Float64, 19, 4 },
    };

    public void Dispose()
    {
        _scope.Dispose();
        Assert.Equal(_liveBefore, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Packed_AnySegments_EqualsLibtorchsConvolutionAndItsGradients(ScalarType dtype, ScalarType weightType, int channels, int taps)
    {
        using var layout = new SequenceLayout(Segments, CPU);
        Tensor x = randn([layout.RowCount, channels]).to(dtype), weight = randn([channels, 1, taps]).to(weightType), above = randn(x.shape).to(dtype);
        (Tensor y, Tensor dx, Tensor dw) = WithGradients(x, weight, above, layout);

        Tensor wide = x.to(ScalarType.Float64).requires_grad_(), wideWeight = weight.to(ScalarType.Float64).requires_grad_();
        Tensor expected = cat([.. Segments.Select(Alone)]);
        expected.backward([above.to(ScalarType.Float64)]);
        AssertClose(expected, y, dtype);
        AssertClose(wide.grad!, dx, dtype);

        // libtorch's autograd rounds the gradient of a bfloat16 weight to its dtype; the kernel sums in float32.
        AssertClose(wideWeight.grad!, dw, CpuKernels.Serve(x) ? dtype : weightType);

        Tensor Alone(SequenceSegment segment)
        {
            Tensor rows = wide.narrow(0, segment.Start, segment.Length);
            if (segment.Parent >= 0)
            {
                rows = cat([wide.narrow(0, Segments[segment.Parent].Start, Segments[segment.Parent].Length), rows]);
            }

            Tensor sums = nn.functional.conv1d(nn.functional.pad(rows.t().unsqueeze(0), [taps - 1, 0]), wideWeight, groups: channels);
            return nn.functional.silu(sums).squeeze(0).t().narrow(0, rows.size(0) - segment.Length, segment.Length);
        }
    }

    [KernelFact]
    public void Packed_OtherTreesAndThreads_GiveTheSameBits()
    {
        using var layout = new SequenceLayout(Segments, CPU);
        Tensor x = randn([layout.RowCount, 600]), weight = randn([600, 1, 4]), above = randn(x.shape);
        (Tensor y, Tensor dx, Tensor dw) = WithGradients(x, weight, above, layout);
        int threads = get_num_threads();
        try
        {
            set_num_threads(threads == 1 ? 2 : 1);
            (Tensor ySame, Tensor dxSame, Tensor dwSame) = WithGradients(x, weight, above, layout);
            Assert.True(Same(y, ySame) && Same(dx, dxSame) && Same(dw, dwSame));
            using var alone = new SequenceLayout([new(0, 2, -1), new(2, 1, 0), new(3, 70, 0)], CPU);
            (Tensor yAlone, Tensor dxAlone, _) = WithGradients(x.narrow(0, 133, 73), weight, above.narrow(0, 133, 73), alone);
            Assert.True(Same(y.narrow(0, 133, 73), yAlone) && Same(dx.narrow(0, 133, 73), dxAlone));
        }
        finally
        {
            set_num_threads(threads);
        }

        static bool Same(Tensor first, Tensor second) => first.equal(second).all().item<bool>();
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Step_FromTheTailsOfAPass_EqualsTheWholePass(ScalarType dtype, ScalarType weightType, int channels, int taps)
    {
        using var noGrad = no_grad();
        using var begun = new SequenceLayout(Segments, CPU);
        double tolerance = CpuKernels.Serve(zeros([1], dtype)) ? 0 : dtype == ScalarType.Float64 ? 1e-12 : dtype == ScalarType.Float32 ? 1e-6 : 1e-2;
        using var weight = new Parameter("w", randn([channels, 1, taps]).to(weightType));
        Tensor x = randn([begun.RowCount, channels]).to(dtype), more = randn([5, Segments.Length, channels]).to(dtype);
        Tensor ends = CausalConvolution.Tails(x, begun, taps);

        // In a cache with one slot more, in another order.
        Tensor tails = zeros([Segments.Length + 1, taps - 1, channels], dtype), slots = arange(Segments.Length, 0, -1);
        tails.index_copy_(0, slots, ends);
        Tensor[] steps = [.. Enumerable.Range(0, 5).Select(t => CausalConvolution.Step(more.select(0, t), weight.Value, tails, slots))];
        for (int s = 0; s < Segments.Length; s++)
        {
            IEnumerable<SequenceSegment> path = Segments[s].Parent < 0 ? [Segments[s]] : [Segments[Segments[s].Parent], Segments[s]];
            Tensor rows = cat([.. path.Select(part => x.narrow(0, part.Start, part.Length)), more.select(1, s)]);
            using SequenceLayout whole = SequenceLayout.Of([(int)rows.size(0)], CPU);
            Tensor y = CausalConvolution.Packed(new Variable(rows), weight, whole).Data;
            Assert.True(y.narrow(0, y.size(0) - 5, 5).allclose(stack([.. steps.Select(step => step.select(0, s))]), tolerance, tolerance));
        }

        Assert.Equal(0, tails.select(0, 0).abs().max().to(ScalarType.Float64).item<double>());
    }

    private static (Tensor Y, Tensor Dx, Tensor Dw) WithGradients(Tensor x, Tensor weight, Tensor above, SequenceLayout layout)
    {
        using var noGrad = no_grad();
        using var parameter = new Parameter("w", weight.clone());
        using var gradients = new GradientStore([parameter]);
        using var tape = new Tape(gradients);
        var input = new Variable(x.clone());
        Variable y = CausalConvolution.Packed(input, parameter, layout, tape);
        Tensor result = y.Data.clone();
        tape.Backward(y, above);
        input.Free();
        using Tensor dx = input.TakeGradient()!;
        return (result, dx.clone(), gradients[parameter].clone());
    }

    private static void AssertClose(Tensor expected, Tensor actual, ScalarType dtype)
    {
        double scale = Math.Max(1, expected.abs().max().item<double>()), worst = (expected - actual.to(ScalarType.Float64)).abs().max().item<double>();
        Assert.Equal(expected.shape, actual.shape);
        double tolerance = dtype == ScalarType.BFloat16 ? 1e-2 : dtype == ScalarType.Float32 ? 1e-5 : 1e-6;
        Assert.True(worst <= scale * tolerance, $"largest difference {worst} of {scale}");
    }
}
