using Rlt.Training.OnPolicy;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlt.Tests.Training;

public sealed class DivergenceTests : IDisposable
{
    private static readonly double[] Student = [0.5, 0.3, 0.2];
    private static readonly double[] Teacher = [0.2, 0.7, 0.1];

    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    // β 0: 0.2 ln 0.4 + 0.7 ln (7/3) + 0.1 ln 0.5. β 1: 0.5 ln 2.5 + 0.3 ln (3/7) + 0.2 ln 2.
    // β 0.25: M = (0.425, 0.4, 0.175), KL(T ‖ M) = 0.1850151, KL(S ‖ M) = 0.0216612.
    [Theory]
    [InlineData(0, 0.3405357)]
    [InlineData(1, 0.3425854)]
    [InlineData(0.25, 0.0624997)]
    public void Full_ThreeTokens_HandComputed(double beta, double expected) =>
        Assert.Equal(expected, Value(Divergence.Full(Logits(Student), Logits(Teacher), beta, 1)), 1e-6);

    /// <summary>The two ends are not to be taken for one another: a student that leaves out half of what the teacher says is far in one and near in the other.</summary>
    [Fact]
    public void Full_StudentOnOneOfTwoModes_ForwardIsFarAndReverseNear()
    {
        Tensor student = Logits(0.998, 0.001, 0.001), teacher = Logits(0.499, 0.499, 0.002);
        Assert.True(Value(Divergence.Full(student, teacher, 0, 1)) > 2.5);
        Assert.True(Value(Divergence.Full(student, teacher, 1, 1)) < 0.7);
    }

    // The teacher's likeliest token and the rest: S = (0.3, 0.7), T = (0.7, 0.3), 0.4 ln (7/3) in both directions.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void TopK_LikeliestTokenAndTheRest_HandComputed(double beta) => Assert.Equal(0.3389191, Value(Kept(beta, 1, 1)), 1e-6);

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.3)]
    [InlineData(1.0)]
    public void TopK_OneTokenLeftOver_IsTheWholeVocabulary(double beta)
    {
        TokenDivergence whole = Divergence.Full(Logits(Student), Logits(Teacher), beta, 0.7), kept = Kept(beta, 0.7, 1, 0);
        Assert.Equal(Value(whole), Value(kept), 1e-9);
        Assert.True((whole.Gradient_NV - kept.Gradient_NV).abs().max().item<double>() < 1e-9);
    }

    [Fact]
    public void TopK_FewerTokens_IsNeverMore()
    {
        (Tensor student, Tensor teacher) = (Random(8, 50, 1), Random(8, 50, 2));
        double[] values = [.. new[] { 1, 5, 20, 49 }.Select(k =>
        {
            (Tensor top, Tensor ids) = teacher.log_softmax(-1).topk(k);
            return Divergence.TopK(student, ids, top, 1, 1).Value_N.sum().item<double>();
        })];
        Assert.Equal(values.Order(), values);
        Assert.Equal(Divergence.Full(student, teacher, 1, 1).Value_N.sum().item<double>(), values[^1], 1e-9);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0.5)]
    public void Sampled_OneToken_IsTheLogRatioAndItsPolicyGradient(double temperature)
    {
        double[] student = [.. Student.Select(p => Math.Pow(p, 1 / temperature))], teacher = [.. Teacher.Select(p => Math.Pow(p, 1 / temperature))];
        double[] own = [.. student.Select(p => p / student.Sum())];
        double ratio = Math.Log(own[2]) - Math.Log(teacher[2] / teacher.Sum());
        TokenDivergence sampled = Divergence.Sampled(Logits(Student), tensor(new long[] { 2 }), tensor(new[] { Math.Log(teacher[2] / teacher.Sum()) }), temperature);
        Assert.Equal(ratio, Value(sampled), 1e-9);
        double[] expected = [-ratio * own[0] / temperature, -ratio * own[1] / temperature, ratio * (1 - own[2]) / temperature];
        Assert.Equal(expected, sampled.Gradient_NV.data<double>().ToArray(), (one, other) => Math.Abs(one - other) < 1e-9);
    }

    /// <summary>Over the student's own draws the sampled form's gradient is that of the reverse divergence.</summary>
    [Fact]
    public void Sampled_ExpectedOverTheStudent_IsReverseKl()
    {
        Tensor student_1V = Random(1, 12, 3), teacher_1V = Random(1, 12, 4);
        Tensor logTeacher_V = teacher_1V.log_softmax(-1).squeeze(0), shares_V1 = student_1V.softmax(-1).view(12, 1);
        TokenDivergence each = Divergence.Sampled(student_1V.expand(12, 12), arange(12), logTeacher_V, 1), whole = Divergence.Full(student_1V, teacher_1V, 1, 1);
        Assert.Equal(Value(whole), (each.Value_N * shares_V1.squeeze(1)).sum().item<double>(), 1e-9);
        Assert.True(((each.Gradient_NV * shares_V1).sum([0L]) - whole.Gradient_NV.squeeze(0)).abs().max().item<double>() < 1e-9);
    }

    [Theory]
    [InlineData(0.0, 1.0)]
    [InlineData(0.5, 0.6)]
    [InlineData(0.9, 1.7)]
    [InlineData(1.0, 0.6)]
    public void Gradients_OfEveryForm_AgreeWithFiniteDifferences(double beta, double temperature)
    {
        Tensor student = Random(3, 7, 5), teacher = Random(3, 7, 6), given = tensor(new long[] { 0, 6, 3 });
        (Tensor top, Tensor ids) = (teacher / temperature).log_softmax(-1).topk(3);
        Check(logits => Divergence.Full(logits, teacher, beta, temperature));
        Check(logits => Divergence.TopK(logits, ids, top, beta, temperature));
        Check(logits => Divergence.Given(logits, given, temperature));

        void Check(Func<Tensor, TokenDivergence> of)
        {
            double[] gradient = of(student).Gradient_NV.data<double>().ToArray();
            for (int i = 0; i < gradient.Length; i++)
            {
                const double Step = 1e-6;
                Assert.Equal((Moved(i, Step) - Moved(i, -Step)) / (2 * Step), gradient[i], 1e-7);
            }

            double Moved(int index, double by)
            {
                Tensor moved = student.clone();
                moved.view(-1).narrow(0, index, 1).add_(by);
                return of(moved).Value_N.sum().item<double>();
            }
        }
    }

    [Fact]
    public void ClipScale_BeyondTheLimit_CountsAsTheLimitEitherWay()
    {
        Tensor values = tensor(new[] { 0.5, 2.0, -8.0, 0.0 });
        Assert.Equal([0.5, 2, -2, 0], (values * Divergence.ClipScale(values, 2)).data<double>().ToArray());
        Assert.Equal([1, 1, 1, 1], Divergence.ClipScale(values, 0).data<double>().ToArray());
    }

    [Fact]
    public void Full_TeacherIsCertain_StaysFinite()
    {
        Tensor student = tensor(new float[] { -200, 0, 200 }, [1, 3]), teacher = tensor(new float[] { 300, 0, -300 }, [1, 3]);
        foreach (double beta in new[] { 0, 0.5, 1 })
        {
            TokenDivergence far = Divergence.Full(student, teacher, beta, 1);
            Assert.True(far.Value_N.isfinite().all().item<bool>() && far.Gradient_NV.isfinite().all().item<bool>(), $"beta {beta}");
        }
    }

    private static TokenDivergence Kept(double beta, double temperature, params long[] ids)
    {
        Tensor teacher_1V = (Logits(Teacher) / temperature).log_softmax(-1), ids_1K = tensor(ids, [1, ids.Length]);
        return Divergence.TopK(Logits(Student), ids_1K, teacher_1V.gather(1, ids_1K), beta, temperature);
    }

    private static Tensor Logits(params double[] probabilities) => tensor(probabilities, [1, probabilities.Length]).log();

    private static Tensor Random(long rows, long columns, long seed) => randn([rows, columns], ScalarType.Float64, generator: new Generator((ulong)seed, CPU)) * 2;

    private static double Value(TokenDivergence divergence) => divergence.Value_N.item<double>();
}
