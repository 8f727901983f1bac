namespace Rlt.Teaching;

/// <summary>An explanation's reward and its parts; log-likelihoods and KL in nats.</summary>
/// <param name="Total">solution_score − think_kl + match.</param>
/// <param name="SolutionScore">c1 · mean + c2 · min of the solution's log-likelihoods: how likely the solution becomes.</param>
/// <param name="SolutionMean">Mean log-likelihood of a solution token.</param>
/// <param name="SolutionMin">Least log-likelihood of a solution token.</param>
/// <param name="ThinkKl">d1 · mean + d2 · max of the explanation's KL: how surprising its steps are to a student who sees only the question.</param>
/// <param name="KlMean">Mean KL of an explanation token; 0 for an empty explanation.</param>
/// <param name="KlMax">Largest KL of an explanation token; 0 for an empty explanation.</param>
/// <param name="Match">0, or the penalty of a missing closing tag.</param>
/// <param name="ExplanationTokens">Tokens the KL is taken over.</param>
/// <param name="SolutionTokens">Tokens the solution score is taken over.</param>
public sealed record Reward(
    double Total,
    double SolutionScore,
    double SolutionMean,
    double SolutionMin,
    double ThinkKl,
    double KlMean,
    double KlMax,
    double Match,
    int ExplanationTokens,
    int SolutionTokens)
{
    /// <summary>The reward of one explanation.</summary>
    /// <param name="solution">log π_student(s_k | t, q, s_&lt;k) of the solution's tokens.</param>
    /// <param name="teacher">log π_teacher(t_k | s, q, t_&lt;k) of the explanation's tokens.</param>
    /// <param name="student">log π_student(t_k | q, t_&lt;k) of the same tokens.</param>
    /// <param name="closed">Whether the closing tag is there.</param>
    /// <param name="options">The weights.</param>
    /// <remarks>
    /// Source: RLT (arXiv 2506.08388), equations 2 to 4. The KL of a token is estimated on that token alone, so it may be
    /// negative. An explanation without tokens surprises nobody: its KL is 0.
    /// </remarks>
    public static Reward From(IReadOnlyList<float> solution, IReadOnlyList<float> teacher, IReadOnlyList<float> student, bool closed, RewardOptions options)
    {
        double[] kl = [.. teacher.Zip(student, (t, s) => (double)t - s)];
        double solutionMean = solution.Average(value => (double)value);
        double solutionMin = solution.Min();
        double klMean = kl.Length == 0 ? 0 : kl.Average();
        double klMax = kl.Length == 0 ? 0 : kl.Max();
        double solutionScore = (options.SolutionMeanWeight * solutionMean) + (options.SolutionMinWeight * solutionMin);
        double thinkKl = (options.KlMeanWeight * klMean) + (options.KlMaxWeight * klMax);
        double match = closed ? 0 : options.MissingTagPenalty;
        return new Reward(
            solutionScore - thinkKl + match, solutionScore, solutionMean, solutionMin, thinkKl, klMean, klMax, match, kl.Length, solution.Count);
    }
}
