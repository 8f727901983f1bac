using Rlt.Models;
using static TorchSharp.torch;

namespace Rlt.Training.OnPolicy;

// N tokens of the student, C of a chunk of them, D teacher's width, V student's vocabulary
/// <summary>What a teacher makes of a micro-batch's tokens: its hidden states, of which a chunk of logits is made at a time.</summary>
internal sealed class TeacherAnswers : IDisposable
{
    private readonly Decoder _teacher;
    private readonly OnPolicyConfig _config;
    private readonly (int Teacher, int Student)? _renamed;
    private readonly Tensor? _hidden_ND;
    private readonly Tensor? _logProbs_N;

    /// <summary>Runs the teacher over some answers, without gradients.</summary>
    /// <param name="teacher">The teacher.</param>
    /// <param name="config">The settings.</param>
    /// <param name="renamed">A token of the teacher that stands for another one of the student; null for none.</param>
    /// <param name="answers">The answers, of which one token at least is learned from it.</param>
    /// <param name="sharesContext">Which of them have a context that others of the step have, too.</param>
    public TeacherAnswers(
        Decoder teacher, OnPolicyConfig config, (int Teacher, int Student)? renamed, IReadOnlyList<AlignedAnswer> answers, IReadOnlyList<bool> sharesContext)
    {
        (_teacher, _config, _renamed) = (teacher, config, renamed);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var batch = new PackedBatch([.. answers.Select(answer => answer.Teacher)], teacher.Device, teacher.Config.LengthBoundary, sharesContext);
        Tensor hidden_MD = SequenceScorer.Hidden(teacher, batch);
        Tensor? places_N = answers.All(answer => answer.Places is null) ? null : Places(answers, teacher.Device);
        if (config.Loss.Form == DivergenceForm.Sampled)
        {
            Tensor logProbs_M = LogProbHead.LogProbs(teacher, hidden_MD, batch.Targets_N, config.Temperature);
            _logProbs_N = Placed(logProbs_M).DetachFromDisposeScope();
        }
        else
        {
            _hidden_ND = Placed(hidden_MD).DetachFromDisposeScope();
        }

        Tensor Placed(Tensor of) => places_N is null ? of : of.index_select(0, places_N);
    }

    /// <summary>How far the student is from the teacher on a chunk of tokens.</summary>
    /// <param name="logits_CV">The student's logits.</param>
    /// <param name="targets_C">The answer's tokens.</param>
    /// <param name="start">The chunk's first token.</param>
    public TokenDivergence To(Tensor logits_CV, Tensor targets_C, long start)
    {
        if (_logProbs_N is not null)
        {
            return Divergence.Sampled(logits_CV, targets_C, _logProbs_N.narrow(0, start, targets_C.size(0)), _config.Temperature);
        }

        Tensor teacher_CV = Logits(start, targets_C.size(0), logits_CV.size(1));
        if (_config.Loss.TopK == 0)
        {
            return Divergence.Full(logits_CV, teacher_CV, _config.Loss.Beta, _config.Temperature);
        }

        (Tensor top_CK, Tensor kept_CK) = teacher_CV.topk(_config.Loss.TopK);
        Tensor all_C1 = (teacher_CV.to(ScalarType.Float32) / _config.Temperature).logsumexp(-1, keepdim: true);
        return Divergence.TopK(logits_CV, kept_CK, (top_CK.to(ScalarType.Float32) / _config.Temperature) - all_C1, _config.Loss.Beta, _config.Temperature);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _hidden_ND?.Dispose();
        _logProbs_N?.Dispose();
    }

    // A teacher of the same tokens may have more rows in its head, for none of them.
    private Tensor Logits(long start, long count, long vocabulary)
    {
        Tensor logits_CV = _teacher.Logits(_hidden_ND!.narrow(0, start, count));
        if (_renamed is var (ofTeacher, ofStudent))
        {
            Tensor columns = tensor(new long[] { ofTeacher, ofStudent }, device: logits_CV.device), swapped = tensor(new long[] { ofStudent, ofTeacher }, device: logits_CV.device);
            logits_CV.index_copy_(1, columns, logits_CV.index_select(1, swapped));
        }

        return logits_CV.size(1) == vocabulary ? logits_CV : logits_CV.narrow(1, 0, vocabulary);
    }

    // Of tokens that it is not asked about the first place serves: their weight is 0.
    private static Tensor Places(IReadOnlyList<AlignedAnswer> answers, Device device)
    {
        var places = new List<long>();
        long before = 0;
        foreach (AlignedAnswer answer in answers)
        {
            places.AddRange(Enumerable.Range(0, answer.Student.ScoredCount).Select(i => answer.Places is null ? before + i : answer.Places[i] < 0 ? 0 : before + answer.Places[i]));
            before += answer.Teacher.ScoredCount;
        }

        return tensor(places.ToArray(), device: device);
    }
}
