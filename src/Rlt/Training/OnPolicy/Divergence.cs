using TorchSharp;
using static TorchSharp.torch;

namespace Rlt.Training.OnPolicy;

// N tokens, V vocabulary, K tokens kept of it, C outcomes
/// <summary>How far the student is from the teacher on each token.</summary>
/// <param name="Value_N">The divergence, nats; of the sampled-token form its one-sample estimate, which can be negative.</param>
/// <param name="Gradient_NV">Its derivative by the student's logits.</param>
public readonly record struct TokenDivergence(Tensor Value_N, Tensor Gradient_NV);

/// <summary>
/// Divergences of the student S from the teacher T on each token, with their derivatives by the student's logits. The teacher is never learned.
/// Everything is computed in the logits' dtype, narrow ones in float32.
/// </summary>
/// <remarks>
/// Source: the generalised Jensen-Shannon divergence of GKD (arXiv 2306.13649, equation 3, with P the teacher and Q the student, as TRL has it):
/// D(β) = β · KL(T ‖ M) + (1 − β) · KL(S ‖ M) with M = β T + (1 − β) S; its limits are taken as β = 0: forward KL(T ‖ S) = Σ T ln(T / S), which covers
/// all that the teacher may say; β = 1: reverse KL(S ‖ T) = Σ S ln(S / T), which settles on what the teacher likes best. Between them the
/// divergence is at most ln 2, and about β (1 − β) / 2 as steep as at the ends.
/// </remarks>
public static class Divergence
{
    // What float32 sums of probabilities leave over where nothing is left; a probability of 0 has no logarithm.
    private const double LeastProbability = 1e-7;

    /// <summary>Over the whole vocabulary.</summary>
    /// <param name="student_NV">The student's logits.</param>
    /// <param name="teacher_NV">The teacher's.</param>
    /// <param name="beta">β, 0 to 1.</param>
    /// <param name="temperature">Both logits are divided by it.</param>
    public static TokenDivergence Full(Tensor student_NV, Tensor teacher_NV, double beta, double temperature)
    {
        using var scope = NewDisposeScope();
        Tensor logStudent_NV = LogProbs(student_NV, temperature);
        (Tensor value_N, Tensor pull_NV) = Of(logStudent_NV, LogProbs(teacher_NV, temperature), beta);
        Tensor gradient_NV = pull_NV.sub_(logStudent_NV.exp_().mul_(pull_NV.sum(-1, keepdim: true))).div_(temperature);
        return Outer(scope, value_N, gradient_NV);
    }

    /// <summary>
    /// Over some tokens and, as one further outcome, all others: never more than <see cref="Full"/>, and the same where at most one token is left over.
    /// </summary>
    /// <param name="student_NV">The student's logits.</param>
    /// <param name="kept_NK">The tokens, int64, none twice in a row.</param>
    /// <param name="teacher_NK">The teacher's log-probabilities of them, at the temperature.</param>
    /// <param name="beta">β, 0 to 1.</param>
    /// <param name="temperature">The student's logits are divided by it.</param>
    public static TokenDivergence TopK(Tensor student_NV, Tensor kept_NK, Tensor teacher_NK, double beta, double temperature)
    {
        using var scope = NewDisposeScope();
        Tensor logStudent_NV = LogProbs(student_NV, temperature), student_NC = WithRest(logStudent_NV.gather(1, kept_NK));
        (Tensor value_N, Tensor pull_NC) = Of(student_NC, WithRest(teacher_NK.to(student_NC.dtype)), beta);
        long kept = kept_NK.size(1);
        Tensor all_N1 = pull_NC.sum(-1, keepdim: true);

        // A token of the rest has its share of the rest's pull.
        Tensor rest_N1 = pull_NC.narrow(1, kept, 1) / student_NC.narrow(1, kept, 1).exp() - all_N1;
        Tensor probabilities_NV = logStudent_NV.exp_();
        Tensor kept_NKPull = pull_NC.narrow(1, 0, kept) - (probabilities_NV.gather(1, kept_NK) * all_N1);
        return Outer(scope, value_N, probabilities_NV.mul_(rest_N1).scatter_(1, kept_NK, kept_NKPull).div_(temperature));
    }

    /// <summary>
    /// Of the sampled tokens alone: ln S − ln T, the estimate of KL(S ‖ T) by one sample; the derivative is the policy gradient that lowers
    /// it, (ln S − ln T) · ∂ ln S with the log-ratio held.
    /// </summary>
    /// <param name="student_NV">The student's logits.</param>
    /// <param name="sampled_N">The tokens, int64, drawn from the student at the temperature.</param>
    /// <param name="teacher_N">The teacher's log-probabilities of them, at the temperature.</param>
    /// <param name="temperature">The student's logits are divided by it.</param>
    public static TokenDivergence Sampled(Tensor student_NV, Tensor sampled_N, Tensor teacher_N, double temperature)
    {
        using var scope = NewDisposeScope();
        Tensor logStudent_NV = LogProbs(student_NV, temperature), sampled_N1 = sampled_N.unsqueeze(1);
        Tensor ratio_N1 = logStudent_NV.gather(1, sampled_N1) - teacher_N.to(logStudent_NV.dtype).unsqueeze(1);
        Tensor scaled_N1 = ratio_N1 / temperature;
        return Outer(scope, ratio_N1.squeeze(1), logStudent_NV.exp_().mul_(-scaled_N1).scatter_add_(1, sampled_N1, scaled_N1));
    }

    /// <summary>−ln S of given tokens: what supervised fine-tuning lowers.</summary>
    /// <param name="student_NV">The student's logits.</param>
    /// <param name="given_N">The tokens, int64.</param>
    /// <param name="temperature">The student's logits are divided by it.</param>
    public static TokenDivergence Given(Tensor student_NV, Tensor given_N, double temperature)
    {
        using var scope = NewDisposeScope();
        Tensor logStudent_NV = LogProbs(student_NV, temperature), given_N1 = given_N.unsqueeze(1);
        Tensor value_N = -logStudent_NV.gather(1, given_N1).squeeze(1);
        return Outer(scope, value_N, logStudent_NV.exp_().scatter_add_(1, given_N1, full_like(given_N1, -1, logStudent_NV.dtype)).div_(temperature));
    }

    /// <summary>
    /// What value and gradient of each token are multiplied by so that no token counts more than a limit, in (0, 1]: as gradients are clipped to a norm,
    /// so that tokens beyond it still move, in their direction.
    /// </summary>
    /// <param name="value_N">The divergences.</param>
    /// <param name="limit">The limit, nats; 0 for none.</param>
    public static Tensor ClipScale(Tensor value_N, double limit) =>
        limit == 0 ? ones_like(value_N) : value_N.abs().clamp_min(limit).reciprocal().mul_(limit);

    // The divergence, and S · ∂D/∂S up to a multiple of S: of a softmax, ∂D/∂logit = pull − S · Σ pull.
    private static (Tensor Value_N, Tensor Pull_NC) Of(Tensor student_NC, Tensor teacher_NC, double beta)
    {
        if (beta == 0)
        {
            Tensor teacherShare_NC = teacher_NC.exp();
            return ((teacher_NC - student_NC).mul_(teacherShare_NC).sum(-1), teacherShare_NC.neg_());
        }

        if (beta == 1)
        {
            Tensor pull_NC = (student_NC - teacher_NC).mul_(student_NC.exp());
            return (pull_NC.sum(-1), pull_NC);
        }

        Tensor mixed_NC = logaddexp(teacher_NC + Math.Log(beta), student_NC + Math.Log(1 - beta));
        Tensor own_NC = (student_NC - mixed_NC).mul_(student_NC.exp()).mul_(1 - beta);
        return (own_NC.sum(-1).add_((teacher_NC - mixed_NC).mul_(teacher_NC.exp()).sum(-1), beta), own_NC);
    }

    private static Tensor LogProbs(Tensor logits_NV, double temperature)
    {
        using var scope = NewDisposeScope();
        Tensor wide_NV = logits_NV.dtype == ScalarType.Float64 ? logits_NV : logits_NV.to(ScalarType.Float32);
        return scope.MoveToOuter((temperature == 1 ? wide_NV : wide_NV / temperature).log_softmax(-1));
    }

    private static Tensor WithRest(Tensor logProbs_NK) =>
        cat([logProbs_NK, logProbs_NK.exp().sum(-1, keepdim: true).neg_().add_(1).clamp_min_(LeastProbability).log_()], -1);

    private static TokenDivergence Outer(DisposeScope scope, Tensor value_N, Tensor gradient_NV) =>
        new(scope.MoveToOuter(value_N), scope.MoveToOuter(gradient_NV));
}
