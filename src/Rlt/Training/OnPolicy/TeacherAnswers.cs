using Rlt.Models;
using Rlt.Servers;
using static TorchSharp.torch;

namespace Rlt.Training.OnPolicy;

// N tokens of the student, C of a chunk of them, D teacher's width, V student's vocabulary, K likeliest tokens
/// <summary>
/// What a teacher makes of a micro-batch's tokens: its hidden states, of which a chunk of logits is made at a time, or what a server has told.
/// </summary>
internal sealed class TeacherAnswers : IDisposable
{
    private readonly Decoder? _teacher;
    private readonly OnPolicyConfig _config;
    private readonly (int Teacher, int Student)? _renamed;
    private readonly Tensor? _hidden_ND;
    private readonly Tensor? _logProbs_N;
    private readonly Tensor? _kept_NK;
    private readonly Tensor? _keptLogProbs_NK;

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

    /// <summary>Takes what a server has told of some answers.</summary>
    /// <param name="told">Of each answer, what it has told of the teacher's tokens: the likeliest ones where they are compared.</param>
    /// <param name="config">The settings.</param>
    /// <param name="renamed">As above.</param>
    /// <param name="answers">The answers.</param>
    /// <param name="device">Where the student is.</param>
    public TeacherAnswers(
        IReadOnlyList<TokenScores> told, OnPolicyConfig config, (int Teacher, int Student)? renamed, IReadOnlyList<AlignedAnswer> answers, Device device)
    {
        _config = config;
        (TokenScores Scores, int Place)[] tokens = [.. answers.SelectMany((answer, row) =>
            Enumerable.Range(0, answer.Student.ScoredCount).Select(i => (told[row], answer.Places is null ? i : answer.Places[i])))];
        if (config.Loss.Form == DivergenceForm.Sampled)
        {
            _logProbs_N = tensor(tokens.Select(token => token.Place < 0 ? 0 : token.Scores.LogProbs[token.Place]).ToArray(), device: device)
                .DetachFromDisposeScope();
            return;
        }

        // Tokens that the teacher is not asked about have no weight; any distribution serves.
        int[] anyIds = [.. Enumerable.Range(0, config.Loss.TopK)];
        float[] anyLogProbs = [.. anyIds.Select(_ => -MathF.Log(2 * config.Loss.TopK))];
        long[] ids = [.. tokens.SelectMany(token => token.Place < 0 ? anyIds : token.Scores.LikeliestIds[token.Place]).Select(OfStudent)];
        float[] logProbs = [.. tokens.SelectMany(token => token.Place < 0 ? anyLogProbs : token.Scores.LikeliestLogProbs[token.Place])];
        _kept_NK = tensor(ids, [tokens.Length, config.Loss.TopK], device: device).DetachFromDisposeScope();
        _keptLogProbs_NK = tensor(logProbs, [tokens.Length, config.Loss.TopK], device: device).DetachFromDisposeScope();

        long OfStudent(int id) => renamed is not var (ofTeacher, ofStudent) ? id : id == ofTeacher ? ofStudent : id == ofStudent ? ofTeacher : id;
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

        if (_kept_NK is not null)
        {
            long count = targets_C.size(0);
            return Divergence.TopK(
                logits_CV, _kept_NK.narrow(0, start, count), _keptLogProbs_NK!.narrow(0, start, count), _config.Loss.Beta, _config.Temperature);
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
        _kept_NK?.Dispose();
        _keptLogProbs_NK?.Dispose();
    }

    // A teacher of the same tokens may have more rows in its head, for none of them.
    private Tensor Logits(long start, long count, long vocabulary)
    {
        Tensor logits_CV = _teacher!.Logits(_hidden_ND!.narrow(0, start, count));
        if (_renamed is var (ofTeacher, ofStudent))
        {
            Tensor columns = tensor(new long[] { ofTeacher, ofStudent }, device: logits_CV.device);
            Tensor swapped = tensor(new long[] { ofStudent, ofTeacher }, device: logits_CV.device);
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
            places.AddRange(Enumerable.Range(0, answer.Student.ScoredCount)
                .Select(i => answer.Places is null ? before + i : answer.Places[i] < 0 ? 0 : before + answer.Places[i]));
            before += answer.Teacher.ScoredCount;
        }

        return tensor(places.ToArray(), device: device);
    }
}
