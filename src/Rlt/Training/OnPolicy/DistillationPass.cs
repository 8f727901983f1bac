using Rlt.Distributed;
using Rlt.Models;
using Rlt.Models.Gradients;
using Rlt.Servers;
using Rlt.Statistics;
using Rlt.Training.Optimization;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlt.Training.OnPolicy;

/// <summary>What a step's answers diverge by.</summary>
/// <param name="Loss">The loss: clipped divergences by their weights.</param>
/// <param name="ByAnswer">For each answer the divergence of its scored tokens, nats; NaN where the teacher was not asked.</param>
internal sealed record StepDivergence(double Loss, float[][] ByAnswer)
{
    /// <summary>Those of all tokens that the teacher was asked about.</summary>
    public IEnumerable<float> Asked => ByAnswer.SelectMany(values => values).Where(value => !float.IsNaN(value));
}

// N scored tokens of a micro-batch
/// <summary>
/// The gradients of a step of on-policy distillation, in micro-batches whose number does not change them: the teacher's hidden states, the student's layers
/// as <see cref="LayerwisePass"/> has them, and both heads by the same chunks of tokens, so that neither model's logits are ever whole.
/// </summary>
/// <param name="student">Learns.</param>
/// <param name="teacher">Does not; null where a server answers for it.</param>
/// <param name="renamed">A token of the teacher that stands for another one of the student; null for none.</param>
/// <param name="config">The settings.</param>
/// <param name="gradients">Receives the gradients.</param>
internal sealed class DistillationPass(Decoder student, Decoder? teacher, (int Teacher, int Student)? renamed, OnPolicyConfig config, GradientStore gradients)
{
    /// <summary>Tokens of one micro-batch.</summary>
    public required int TokenBudget { get; init; }

    /// <summary>Keeps layers' graphs instead of computing the layers again.</summary>
    public required bool KeepGraphs { get; init; }

    /// <summary>Answers for the teacher; null where it is a model here.</summary>
    public TokenScoreClient? Server { get; init; }

    /// <summary>Tokens whose logits are made at once: half of what one head alone would make, as both models' are there with what is computed of them.</summary>
    public static int ChunkRows(ModelConfig config) => Math.Max(16, LogProbHead.ChunkRows(config) / 2);

    /// <summary>Adds the gradients of a step to the store.</summary>
    /// <param name="answers">The step's answers.</param>
    /// <param name="weights">What the divergence of each answer's tokens is multiplied by; 0 leaves an answer out.</param>
    /// <param name="seed">Seeds what the student's adapters drop.</param>
    /// <param name="phases">Is told how long the teacher's and the student's passes took.</param>
    public StepDivergence Backward(IReadOnlyList<AlignedAnswer> answers, float[] weights, long seed, PhaseClock phases)
    {
        double loss = 0;
        var byAnswer = new float[answers.Count][];
        TokenSequence[] sequences = [.. answers.Select(answer => answer.Student)];
        bool[]? shared = teacher is null ? null : PackedBatch.ShareContext([.. answers.Select(answer => answer.Teacher)], teacher.Config.LengthBoundary);
        Action<long>? worked = phases.During("backward").Over(sequences.Sum(sequence => (long)sequence.Ids.Length));
        RankBatches batches = RankBatches.Of(student, sequences, TokenBudget);
        Dictionary<int, TokenScores>? told = Told(answers, [.. Enumerable.Range(0, batches.Passes).SelectMany(number => batches[number])], phases);
        for (int number = 0; number < batches.Passes; number++)
        {
            gradients.IsLastPass = number == batches.Passes - 1;
            int[] indices = batches[number];
            AlignedAnswer[] rows = [.. indices.Select(i => answers[i])];
            using IDisposable? around = teacher?.HoldAround();
            using TeacherAnswers? asked = told is null ? Ask(teacher!, rows, [.. indices.Select(i => shared![i])])
                : new TeacherAnswers([.. indices.Select(i => told[i])], config, renamed, rows, student.Device);
            phases.End("teacher", rows.Sum(row => (long)row.Teacher.Ids.Length));
            if (rows.Sum(row => row.Learned) == 0)
            {
                Array.ForEach(indices, i => byAnswer[i] = [.. Enumerable.Repeat(float.NaN, sequences[i].ScoredCount)]);
                LayerwisePass.Idle(student, gradients);
                continue;
            }

            using PackedBatch batch = batches.Pack(indices);
            loss += Backward(batch, rows, asked, [.. indices.Select(i => weights[i])], (long)RandomStream.Key(seed, indices[0]), out float[] values);
            phases.End("backward", rows.Sum(row => (long)row.Student.Ids.Length));
            int used = 0;
            Array.ForEach(indices, i => byAnswer[i] = values[used..(used += sequences[i].ScoredCount)]);
            worked?.Invoke(rows.Sum(row => (long)row.Student.Ids.Length));
        }

        gradients.WaitForRanks();
        WorkShare.Complete(student.Sharding.Ranks, byAnswer);
        return new StepDivergence(WorkShare.Sum(student.Sharding.Ranks, loss), byAnswer);
    }

    // All of this rank's at once: a server answers many requests side by side.
    private Dictionary<int, TokenScores>? Told(IReadOnlyList<AlignedAnswer> answers, int[] own, PhaseClock phases) => Server is null ? null
        : own.Zip(Server.Score([.. own.Select(i => answers[i].Teacher)], phases.During("teacher"))).ToDictionary(pair => pair.First, pair => pair.Second);

    private TeacherAnswers? Ask(Decoder teacher, AlignedAnswer[] rows, bool[] sharesContext)
    {
        if (rows.Any(row => row.Teacher.ScoredCount > 0))
        {
            return new TeacherAnswers(teacher, config, renamed, rows, sharesContext);
        }

        teacher.Idle();
        return null;
    }

    private double Backward(PackedBatch batch, AlignedAnswer[] rows, TeacherAnswers? asked, float[] weights, long seed, out float[] values)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var pass = new LayerwisePass(student, gradients, config.Temperature, KeepGraphs, seed);
        Tensor hidden_ND = pass.ForwardToHead(batch);
        bool[] isAsked = [.. rows.SelectMany(row => Enumerable.Range(0, row.Student.ScoredCount).Select(i => row.Places is null || row.Places[i] >= 0))];
        float[] byToken = [.. rows.SelectMany((row, place) => Enumerable.Repeat(row.IsGiven ? weights[place] : -weights[place], row.Student.ScoredCount))];
        bool anyGiven = isAsked.Zip(byToken).Any(token => !token.First && token.Second > 0);
        Tensor isAsked_N = tensor(isAsked, device: student.Device), signed_N = tensor(byToken, device: student.Device);
        Tensor isGiven_N = isAsked_N.logical_not() & signed_N.gt(0), weights_N = signed_N.abs() * (isAsked_N | isGiven_N);
        Tensor values_N = full_like(weights_N, float.NaN), losses_N = zeros_like(weights_N);
        pass.BackwardFromHead(LogProbHead.Backward(student, hidden_ND, gradients, ChunkRows(student.Config), (logits_CV, start) =>
        {
            long count = logits_CV.size(0);
            Tensor targets_C = batch.Targets_N.narrow(0, start, count), given_C = isGiven_N.narrow(0, start, count);
            TokenDivergence divergence = asked?.To(logits_CV, targets_C, start) ?? Divergence.Given(logits_CV, targets_C, config.Temperature);
            Tensor scale_C = Divergence.ClipScale(divergence.Value_N, config.Loss.Clip);
            values_N.narrow(0, start, count).copy_(where(isAsked_N.narrow(0, start, count), divergence.Value_N, values_N.narrow(0, start, count)));
            if (anyGiven)
            {
                TokenDivergence given = Divergence.Given(logits_CV, targets_C, config.Temperature);
                divergence = new TokenDivergence(
                    where(given_C, given.Value_N, divergence.Value_N), where(given_C.unsqueeze(1), given.Gradient_NV, divergence.Gradient_NV));
                scale_C = where(given_C, ones_like(scale_C), scale_C);
            }

            Tensor weighted_C = scale_C * weights_N.narrow(0, start, count);
            losses_N.narrow(0, start, count).copy_(divergence.Value_N * weighted_C);
            return divergence.Gradient_NV.mul_(weighted_C.unsqueeze(1));
        }));
        values = values_N.cpu().data<float>().ToArray();
        return losses_N.sum().ToSingle();
    }
}
