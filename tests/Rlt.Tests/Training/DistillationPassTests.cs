using Rlt.Models;
using Rlt.Models.Gradients;
using Rlt.Training;
using Rlt.Training.OnPolicy;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlt.Tests.Training;

/// <summary>The pass's loss and gradients are those of the loss written out over whole logits, however the work is cut.</summary>
public sealed class DistillationPassTests : IDisposable
{
    private readonly long _liveBefore = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

    public static TheoryData<double, int, double> Losses => new() { { 0, 0, 0 }, { 1, 0, 0 }, { 0.3, 0, 0 }, { 1, 5, 0 }, { 0, 5, 0.4 } };

    public void Dispose() => Assert.Equal(_liveBefore, DisposeScopeManager.Statistics.ThreadTotalLiveCount);

    [Theory]
    [MemberData(nameof(Losses))]
    public void Backward_EveryLoss_AgreesWithFiniteDifferencesOfTheWholeLoss(double beta, int topK, double clip)
    {
        using Decoder student = TinyModel.Sharp("gemma3_text", ScalarType.Float64), teacher = TinyModel.Sharp("qwen2", ScalarType.Float64, seed: 9);
        using var gradients = new GradientStore(student.Parameters);
        var config = new OnPolicyConfig { Temperature = 0.8, Loss = new OnPolicyLoss { Beta = beta, TopK = topK, Clip = clip } };
        (AlignedAnswer[] answers, float[] weights) = Answers();
        StepDivergence found = Run(student, teacher, config, answers, weights, gradients, 1000);
        double[] scales = Scales(student, teacher, config, answers);
        Assert.Equal(Whole(student, teacher, config, answers, weights, scales), found.Loss, 1e-6);
        foreach (Parameter parameter in student.Parameters.Where((_, i) => i % 9 == 0))
        {
            using var scope = NewDisposeScope();
            Tensor flat = parameter.Value.view(-1), gradient = gradients[parameter].view(-1);
            foreach (long i in new[] { flat.numel() / 2, flat.numel() - 1 })
            {
                const double Step = 1e-6;
                flat.narrow(0, i, 1).add_(Step);
                double above = Whole(student, teacher, config, answers, weights, scales);
                flat.narrow(0, i, 1).add_(-2 * Step);
                double below = Whole(student, teacher, config, answers, weights, scales);
                flat.narrow(0, i, 1).add_(Step);
                double numeric = (above - below) / (2 * Step), exact = gradient[i].ToDouble();
                Assert.True(Math.Abs(numeric - exact) <= 1e-6 + (1e-4 * Math.Abs(numeric)), $"{parameter.Name}[{i}]: {numeric}, {exact}");
            }
        }
    }

    [Theory]
    [InlineData(DivergenceForm.Distribution)]
    [InlineData(DivergenceForm.Sampled)]
    public void Backward_AnyMicroBatch_GivesTheSame(DivergenceForm form)
    {
        using Decoder student = TinyModel.Sharp(), teacher = TinyModel.Sharp("llama", seed: 9);
        var config = new OnPolicyConfig { Loss = new OnPolicyLoss { Form = form } };
        (AlignedAnswer[] answers, float[] weights) = Answers();
        using var whole = new GradientStore(student.Parameters);
        StepDivergence expected = Run(student, teacher, config, answers, weights, whole, 1000);
        foreach ((int tokens, bool keep) in new[] { (1, false), (30, true), (1000, true) })
        {
            using var gradients = new GradientStore(student.Parameters);
            StepDivergence found = Run(student, teacher, config, answers, weights, gradients, tokens, keep);
            Assert.Equal(expected.Loss, found.Loss, 1e-5);
            for (int i = 0; i < answers.Length; i++)
            {
                Assert.Equal(expected.ByAnswer[i], found.ByAnswer[i], (one, other) => (float.IsNaN(one) && float.IsNaN(other)) || Math.Abs(one - other) < 1e-4);
            }

            using var scope = NewDisposeScope();
            Assert.All(student.Parameters, p => Assert.True((whole[p] - gradients[p]).abs().max().ToSingle() <= 1e-4 * Math.Max(1e-3, whole[p].abs().max().ToSingle()), p.Name));
        }
    }

    /// <summary>Tokens that the teacher is not asked about count only where they were given, and then as supervised fine-tuning has them.</summary>
    [Fact]
    public void Backward_TokensWithoutTeacher_AreLearnedWhereGivenAlone()
    {
        using Decoder student = TinyModel.Sharp(), teacher = TinyModel.Sharp(seed: 9);
        int[] ids = TinyModel.Ids(9);
        var sequence = new TokenSequence(ids, 4);
        int[] none = [-1, -1, -1, -1, -1];
        using var drawn = new GradientStore(student.Parameters);
        var config = new OnPolicyConfig();
        StepDivergence nothing = Run(student, teacher, config, [new AlignedAnswer(sequence, new TokenSequence(ids[..2], 2), none)], [0.2f], drawn, 100);
        Assert.Equal(0, nothing.Loss);
        Assert.Empty(nothing.Asked);
        using var given = new GradientStore(student.Parameters);
        StepDivergence learned = Run(student, teacher, config, [new AlignedAnswer(sequence, new TokenSequence(ids[..2], 2), none) { IsGiven = true }], [0.2f], given, 100);
        float[] logProbs = SequenceScorer.LogProbs(student, [sequence], 1, 100)[0];
        Assert.Equal(-logProbs.Average(value => (double)value), learned.Loss, 1e-5);
        Assert.Empty(learned.Asked);
        Assert.True(given.Norm() > 0);
    }

    /// <summary>A teacher that is the student teaches nothing, unless one of its tokens stands for another of the student's.</summary>
    [Fact]
    public void Backward_TeacherIsTheStudent_DivergesByTheRenamedTokenAlone()
    {
        using Decoder student = TinyModel.Sharp();
        using var gradients = new GradientStore(student.Parameters);
        var sequence = new TokenSequence(TinyModel.Ids(9), 4);
        AlignedAnswer[] answers = [new AlignedAnswer(sequence, sequence, null)];
        var config = new OnPolicyConfig();
        Assert.Equal(0, Run(student, student, config, answers, [1], gradients, 100).Loss, 1e-6);
        Assert.True(gradients.Norm() < 1e-4);
        Assert.True(new DistillationPass(student, student, (3, 5), config, gradients) { TokenBudget = 100, KeepGraphs = true }
            .Backward(answers, [1], 0, new PhaseClock()).Loss > 1e-3);
    }

    private static StepDivergence Run(
        Decoder student, Decoder teacher, OnPolicyConfig config, AlignedAnswer[] answers, float[] weights, GradientStore gradients, int tokens, bool keepGraphs = false) =>
        new DistillationPass(student, teacher, null, config, gradients) { TokenBudget = tokens, KeepGraphs = keepGraphs }
            .Backward(answers, weights, 0, new PhaseClock());

    // The teacher sees more, its places are shifted, one token is not asked about; two answers share their prompt; one is left out.
    private static (AlignedAnswer[] Answers, float[] Weights) Answers()
    {
        int[] prompt = TinyModel.Ids(5), more = TinyModel.Ids(11, 2), one = TinyModel.Ids(6, 3), other = TinyModel.Ids(3, 4), last = TinyModel.Ids(7, 5);
        TokenSequence Own(int[] answer) => new([.. prompt, .. answer], prompt.Length);
        TokenSequence Seen(int[] answer) => new([.. more, .. answer], more.Length);
        return ([
            new AlignedAnswer(Own(one), Seen([63, .. one]), [1, 2, -1, 4, 5, 6]), new AlignedAnswer(Own(other), Seen(other), null),
            new AlignedAnswer(new TokenSequence([7, .. last], 1), Seen(last), null), new AlignedAnswer(Own(last), Seen(last), null),
        ], [0.1f, 0.2f, 0.05f, 0]);
    }

    private static double Whole(Decoder student, Decoder teacher, OnPolicyConfig config, AlignedAnswer[] answers, float[] weights, double[] scales)
    {
        using var scope = NewDisposeScope();
        double[] values = Values(student, teacher, config, answers);
        double[] byToken = [.. answers.Zip(weights).SelectMany(pair => Enumerable.Repeat((double)pair.Second, pair.First.Student.ScoredCount))];
        return values.Select((value, i) => double.IsNaN(value) ? 0 : value * byToken[i] * scales[i]).Sum();
    }

    private static double[] Scales(Decoder student, Decoder teacher, OnPolicyConfig config, AlignedAnswer[] answers) =>
        [.. Values(student, teacher, config, answers).Select(value => config.Loss.Clip > 0 && value > config.Loss.Clip ? config.Loss.Clip / value : 1)];

    private static double[] Values(Decoder student, Decoder teacher, OnPolicyConfig config, AlignedAnswer[] answers)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var values = new List<double>();
        foreach (AlignedAnswer answer in answers)
        {
            Tensor own_TV = Logits(student, answer.Student), other_TV = Logits(teacher, answer.Teacher);
            for (int i = 0; i < answer.Student.ScoredCount; i++)
            {
                int place = answer.Places?[i] ?? i;
                if (place < 0)
                {
                    values.Add(double.NaN);
                    continue;
                }

                Tensor own_1V = own_TV.narrow(0, i, 1), other_1V = other_TV.narrow(0, place, 1);
                (Tensor top, Tensor kept) = (other_1V / config.Temperature).log_softmax(-1).topk(Math.Max(1, config.Loss.TopK));
                values.Add((config.Loss.TopK == 0
                    ? Divergence.Full(own_1V, other_1V, config.Loss.Beta, config.Temperature)
                    : Divergence.TopK(own_1V, kept, top, config.Loss.Beta, config.Temperature)).Value_N.item<double>());
            }
        }

        return [.. values];
    }

    private static Tensor Logits(Decoder model, TokenSequence sequence) =>
        model.Logits(TinyModel.Hidden(model, sequence.Ids)).narrow(0, sequence.From - 1, sequence.ScoredCount);
}
