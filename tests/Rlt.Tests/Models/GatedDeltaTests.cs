using Rlt.Models.Gradients;
using Rlt.Models.Layers;
using Rlt.Platform;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlt.Tests.Models;

// G key heads, H value heads, K and V their widths
/// <summary>
/// The gated delta rule against its recurrence written out, and one result by several ways. float32 and bfloat16 go through the kernels where there are
/// any, float64 through plain operators, as a GPU does.
/// </summary>
public sealed class GatedDeltaTests : IDisposable
{
    // Around the chunk's 64 rows; then a beginning of 70 rows with three continuations, and another of 64 with two.
    private static readonly SequenceSegment[] Segments =
    [
        new(0, 1, -1), new(1, 7, -1), new(8, 63, -1), new(71, 64, -1), new(135, 65, -1), new(200, 130, -1),
        new(330, 70, -1), new(400, 33, 6), new(433, 1, 6), new(434, 90, 6), new(524, 64, -1), new(588, 64, 10), new(652, 5, 10),
    ];

    private readonly long _liveBefore = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
    private readonly DisposeScope _scope = NewDisposeScope();

    public GatedDeltaTests() => manual_seed(5);

    // dtype, G, H, K, V
    public static TheoryData<ScalarType, Shape> Shapes => new()
    {
        { ScalarType.Float32, new(2, 4, 12, 16) }, { ScalarType.Float32, new(1, 3, 20, 13) }, { ScalarType.Float32, new(1, 2, 128, 128) },
        { ScalarType.BFloat16, new(2, 4, 12, 16) }, { ScalarType.BFloat16, new(1, 1, 128, 128) },
    };

    public void Dispose()
    {
        _scope.Dispose();
        Assert.Equal(_liveBefore, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Packed_AnyLengthAndDecay_EqualsTheRecurrence(ScalarType dtype, Shape shape)
    {
        using var layout = new SequenceLayout(Segments, CPU);
        Tensor[] inputs = Inputs(layout.RowCount, shape, dtype);
        (double[] expected, double[] expectedEnds) = Recurrence(inputs, shape);
        foreach (ScalarType type in new[] { dtype, ScalarType.Float64 })
        {
            Tensor ends = full([Segments.Length, shape.H, shape.K, shape.V], 7.0, type == ScalarType.Float64 ? type : ScalarType.Float32);
            AssertClose(expected, Packed(As(inputs, type), layout, ends), type);
            AssertClose(expectedEnds, ends, type == ScalarType.Float64 ? type : ScalarType.Float32);
        }
    }

    [Fact]
    public void Gradients_OfPlainOperators_AreFiniteDifferences()
    {
        using var layout = new SequenceLayout([new(0, 70, -1), new(70, 5, 0), new(75, 66, 0), new(141, 3, -1)], CPU);
        Tensor[] inputs = As(Inputs(layout.RowCount, new(1, 2, 3, 2), ScalarType.Float32), ScalarType.Float64);
        Tensor above = randn([layout.RowCount, 2, 2], ScalarType.Float64);
        Tensor[] gradients = Gradients(inputs, layout, above);
        for (int i = 0; i < inputs.Length; i++)
        {
            Tensor direction = randn_like(inputs[i]);
            double difference = (Loss(1e-5) - Loss(-1e-5)) / 2e-5, derivative = (gradients[i] * direction).sum().item<double>();
            Assert.Equal(derivative, difference, 1e-6 * Math.Max(1, Math.Abs(derivative)));

            double Loss(double step) =>
                (Packed([.. inputs.Select((x, j) => j == i ? x + (direction * step) : x)], layout) * above).sum().item<double>();
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Gradients_SegmentsWithAndWithoutParents_EqualThoseOfPlainOperators(ScalarType dtype, Shape shape)
    {
        using var layout = new SequenceLayout(Segments, CPU);
        Tensor[] inputs = Inputs(layout.RowCount, shape, dtype);
        Tensor above = randn([layout.RowCount, shape.H, shape.V]).to(dtype);
        Tensor[] actual = Gradients(inputs, layout, above);
        Tensor[] expected = Gradients(As(inputs, ScalarType.Float64), layout, above.to(ScalarType.Float64));
        Assert.All(expected.Zip(actual), pair => AssertClose(pair.First.data<double>().ToArray(), pair.Second, dtype));
    }

    [KernelTheory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Packed_OtherTreesAndThreads_GiveTheSameBits(ScalarType dtype)
    {
        Shape shape = new(2, 4, 20, 24);
        using var layout = new SequenceLayout(Segments, CPU);
        Tensor[] inputs = Inputs(layout.RowCount, shape, dtype);
        Tensor above = randn([layout.RowCount, shape.H, shape.V]).to(dtype), ends = zeros([Segments.Length, shape.H, shape.K, shape.V]);
        Tensor[] together = [Packed(inputs, layout, ends), .. Gradients(inputs, layout, above)];
        int threads = get_num_threads();
        try
        {
            set_num_threads(threads == 1 ? 2 : 1);
            AssertBits(together, [Packed(inputs, layout), .. Gradients(inputs, layout, above)]);

            // The first continued beginning with its continuations alone.
            using var alone = new SequenceLayout([new(0, 70, -1), new(70, 33, 0), new(103, 1, 0), new(104, 90, 0)], CPU);
            Tensor[] rows = [.. inputs.Select(Tree)];
            Tensor endsAlone = zeros([4, shape.H, shape.K, shape.V]);
            AssertBits([.. together.Select(Tree)], [Packed(rows, alone, endsAlone), .. Gradients(rows, alone, Tree(above))]);
            AssertBits([ends.narrow(0, 6, 4)], [endsAlone]);
        }
        finally
        {
            set_num_threads(threads);
        }

        static Tensor Tree(Tensor x) => x.narrow(0, 330, 194);
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    public void Packed_SharedBeginning_EqualsWholeSequences(ScalarType dtype)
    {
        Shape shape = new(1, 2, 16, 24);
        using var shared = new SequenceLayout([new(0, 70, -1), new(70, 33, 0), new(103, 90, 0)], CPU);
        using SequenceLayout whole = SequenceLayout.Of([103, 160], CPU);
        Tensor rows = cat([arange(103), arange(70), arange(103, 193)]), above = randn([193, shape.H, shape.V], dtype);
        Tensor[] inputs = As(Inputs(193, shape, ScalarType.Float32), dtype), repeated = [.. inputs.Select(x => x.index_select(0, rows))];
        AssertClose(Doubles(Packed(inputs, shared).index_select(0, rows)), Packed(repeated, whole), dtype);

        // The beginning's rows are there twice: its own derivative above once, and its gradients are sums.
        Tensor once = cat([above.narrow(0, 0, 103), zeros([70, shape.H, shape.V], dtype), above.narrow(0, 103, 90)]);
        foreach ((Tensor ofShared, Tensor ofWhole) in Gradients(inputs, shared, above).Zip(Gradients(repeated, whole, once)))
        {
            AssertClose(Doubles(zeros_like(ofShared).index_add(0, rows, ofWhole, 1)), ofShared, dtype);
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Step_FromTheEndOfAPass_EqualsTheWholePass(ScalarType dtype, Shape shape)
    {
        using SequenceLayout begun = SequenceLayout.Of([70, 70], CPU), whole = SequenceLayout.Of([75, 75], CPU);
        foreach (ScalarType type in new[] { dtype, ScalarType.Float64 })
        {
            Tensor[] inputs = As(Inputs(150, shape, dtype), type);
            Tensor expected = Packed(inputs, whole);
            Tensor states = zeros([3, shape.H, shape.K, shape.V], type == ScalarType.Float64 ? type : ScalarType.Float32), slots = tensor(new long[] { 2, 0 });
            Tensor ends = zeros_like(states.narrow(0, 0, 2));
            Packed([.. inputs.Select(x => cat([x.narrow(0, 0, 70), x.narrow(0, 75, 70)]))], begun, ends);
            states.index_copy_(0, slots, ends);
            for (int t = 70; t < 75; t++)
            {
                Tensor at = tensor(new long[] { t, 75 + t });
                Tensor[] row = [.. inputs.Select(x => x.index_select(0, at))];
                Tensor o = GatedDelta.Step(row[0], row[1], row[2], row[3], row[4], states, slots);
                AssertClose(Doubles(expected.index_select(0, at)), o, type);
            }

            Assert.Equal(0, states.select(0, 1).abs().max().to(ScalarType.Float64).item<double>());
        }
    }

    [KernelFact]
    public void Kernels_OfOtherShapes_AreRefusedByName()
    {
        using SequenceLayout layout = SequenceLayout.Of([4], CPU), longer = SequenceLayout.Of([3], CPU);
        Tensor[] inputs = Inputs(4, new(2, 4, 12, 16), ScalarType.Float32);
        Assert.Contains("segments end at row 3 of 4", Message(inputs, longer), StringComparison.Ordinal);
        Assert.Contains("beta", Message([.. inputs[..4], inputs[4].to(ScalarType.Float64)], layout), StringComparison.Ordinal);
        Assert.Contains("v has 4 heads and k 3", Message([zeros(4, 3, 12), zeros(4, 3, 12), .. inputs[2..]], layout), StringComparison.Ordinal);
        Assert.Contains("the states", Assert.ThrowsAny<Exception>(() => Packed(inputs, layout, zeros(1, 4, 12, 12))).Message, StringComparison.Ordinal);

        static string Message(Tensor[] inputs, SequenceLayout layout) => Assert.ThrowsAny<ArgumentException>(() => Packed(inputs, layout)).Message;
    }

    // Decays from none to one that forgets all, also side by side.
    private static Tensor[] Inputs(long rows, Shape shape, ScalarType dtype) =>
    [
        randn([rows, shape.G, shape.K]).to(dtype), randn([rows, shape.G, shape.K]).to(dtype), randn([rows, shape.H, shape.V]).to(dtype),
        (randn([rows, shape.H]) * 2.5 - 3).exp().neg() * where(rand([rows, shape.H]) > 0.98, tensor(100.0f), tensor(1.0f)), randn([rows, shape.H]).sigmoid(),
    ];

    private static Tensor[] As(Tensor[] inputs, ScalarType dtype) =>
        [.. inputs.Select((x, i) => x.to(i > 2 && dtype == ScalarType.BFloat16 ? ScalarType.Float32 : dtype))];

    private static Tensor Packed(Tensor[] inputs, SequenceLayout layout, Tensor? ends = null)
    {
        using var noGrad = no_grad();
        Variable[] x = [.. inputs.Select(input => new Variable(input))];
        return GatedDelta.Packed(x[0], x[1], x[2], x[3], x[4], layout, null, ends).Data;
    }

    private static Tensor[] Gradients(Tensor[] inputs, SequenceLayout layout, Tensor above)
    {
        using var noGrad = no_grad();
        using var gradients = new GradientStore([]);
        using var tape = new Tape(gradients);
        Variable[] x = [.. inputs.Select(input => new Variable(input.clone()))];
        tape.Backward(GatedDelta.Packed(x[0], x[1], x[2], x[3], x[4], layout, tape), above);
        Array.ForEach(x, variable => variable.Free());
        return [.. x.Select(Taken)];

        static Tensor Taken(Variable variable)
        {
            using Tensor gradient = variable.TakeGradient()!;
            return gradient.clone();
        }
    }

    // The rule token by token in float64: the results of all rows, and the states after each segment.
    private static (double[] Results, double[] Ends) Recurrence(Tensor[] inputs, Shape shape)
    {
        double[][] x = [.. inputs.Select(Doubles)];
        (int heads, int keyWidth, int width) = ((int)shape.H, (int)shape.K, (int)shape.V);
        var results = new double[x[2].Length];
        var ends = new double[Segments.Length * heads * keyWidth * width];
        for (int s = 0; s < Segments.Length; s++)
        {
            for (int h = 0; h < heads; h++)
            {
                int size = keyWidth * width, end = ((s * heads) + h) * size;
                double[] state = Segments[s].Parent < 0 ? new double[size] : ends[(((Segments[s].Parent * heads) + h) * size)..][..size];
                for (int n = Segments[s].Start; n < Segments[s].Start + Segments[s].Length; n++)
                {
                    int key = ((n * (int)shape.G) + (h * (int)shape.G / heads)) * keyWidth, value = ((n * heads) + h) * width;
                    double[] q = Normed(x[0][key..(key + keyWidth)]), k = Normed(x[1][key..(key + keyWidth)]);
                    double decay = Math.Exp(x[3][(n * heads) + h]), beta = x[4][(n * heads) + h];
                    for (int v = 0; v < width; v++)
                    {
                        double seen = 0, read = 0;
                        for (int i = 0; i < keyWidth; i++)
                        {
                            seen += (state[(i * width) + v] *= decay) * k[i];
                        }

                        for (int i = 0; i < keyWidth; i++)
                        {
                            read += (state[(i * width) + v] += k[i] * beta * (x[2][value + v] - seen)) * q[i];
                        }

                        results[value + v] = read / Math.Sqrt(keyWidth);
                    }
                }

                state.CopyTo(ends, end);
            }
        }

        return (results, ends);

        static double[] Normed(double[] x) => [.. x.Select(value => value / Math.Sqrt(x.Sum(other => other * other) + 1e-6))];
    }

    private static double[] Doubles(Tensor x) => x.to(ScalarType.Float64).contiguous().data<double>().ToArray();

    private static void AssertBits(Tensor[] expected, Tensor[] actual) =>
        Assert.All(expected.Zip(actual), pair => Assert.True(pair.First.equal(pair.Second).all().item<bool>()));

    // float32 sums of some hundred terms; bfloat16 keeps 8 bits.
    private static void AssertClose(double[] expected, Tensor actual, ScalarType dtype)
    {
        double scale = Math.Max(1, expected.Max(Math.Abs)), worst = expected.Zip(Doubles(actual), (e, a) => Math.Abs(e - a)).Max();
        double tolerance = dtype == ScalarType.Float64 ? 1e-11 : dtype == ScalarType.Float32 ? 1e-5 : 1e-2;
        Assert.Equal(expected.Length, actual.numel());
        Assert.True(worst <= scale * tolerance, $"largest difference {worst} of {scale}");
    }

    /// <summary>Heads and widths.</summary>
    public sealed record Shape(long G, long H, long K, long V);
}
