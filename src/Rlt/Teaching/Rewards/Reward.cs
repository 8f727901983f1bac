namespace Rlt.Teaching.Rewards;

/// <summary>An explanation's reward and its parts. The statistics are of the values in nats, whatever normalisation and bounds the terms have.</summary>
/// <param name="Total">solution_score − think_kl + match − penalty.</param>
/// <param name="SolutionScore">The term of the solution's log-likelihoods: how likely the solution becomes.</param>
/// <param name="SolutionMean">Mean log-likelihood of a solution token.</param>
/// <param name="SolutionMin">Least log-likelihood of a solution token.</param>
/// <param name="ThinkKl">The term of the explanation's KL: how surprising its steps are to a student who sees only the question.</param>
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
    /// <summary>What the explanation's signs of gaming cost it; 0 unless the config weighs them.</summary>
    public double Penalty { get; init; }

    /// <summary>The reward and its parts by the names that rows and metrics have for them; whether each is the reward itself or one of its two terms.</summary>
    public IEnumerable<(string Name, double Value, bool IsTerm)> Parts =>
    [
        ("reward", Total, true),
        ("solution_score", SolutionScore, true),
        ("solution_mean", SolutionMean, false),
        ("solution_min", SolutionMin, false),
        ("think_kl", ThinkKl, true),
        ("kl_mean", KlMean, false),
        ("kl_max", KlMax, false),
        ("match", Match, false),
        ("penalty", Penalty, false),
    ];

    /// <summary>The RLT reward of one explanation, penalties apart.</summary>
    /// <param name="solution">log π_student(s_k | t, q, s_&lt;k) of the solution's tokens; at least one.</param>
    /// <param name="teacher">log π_teacher(t_k | s, q, t_&lt;k) of the explanation's tokens.</param>
    /// <param name="student">log π_student(t_k | q, t_&lt;k) of the same tokens.</param>
    /// <param name="closed">Whether the closing tag is there.</param>
    /// <param name="options">The terms.</param>
    /// <param name="signs">Signs of gaming, which the penalties charge; null for none.</param>
    /// <exception cref="RunFailedException">The reward is not a finite number.</exception>
    /// <remarks>
    /// Source: RLT (arXiv 2506.08388), equations 2 to 4; the further settings are the released code's. An explanation without
    /// tokens surprises nobody: its KL is 0 in every setting, where the released code charges it as many penalties as the
    /// term's weights add up to, and without the teacher's log-likelihoods pays it as many.
    /// </remarks>
    public static Reward From(
        IReadOnlyList<float> solution, IReadOnlyList<float> teacher, IReadOnlyList<float> student,
        bool closed, RewardOptions options, ExplanationSigns? signs = null)
    {
        double[] likelihoods = [.. solution.Select(value => (double)value)];
        double[] kl = [.. teacher.Zip(student, (t, s) => Estimate(t, s, options.ThinkEstimate))];
        double solutionScore = options.SolutionScore.Of(likelihoods);
        double thinkKl = options.ThinkKl.Of(kl);
        double match = closed ? 0 : options.MissingTagPenalty;
        double penalty = signs is null ? 0 : options.Penalties.Of(signs);
        double total = solutionScore - thinkKl + match - penalty;
        if (!double.IsFinite(total))
        {
            throw new RunFailedException(
                $"a reward is {total} (solution score {solutionScore}, think KL {thinkKl}); expected a finite number. "
                + "Look for weights of the teacher or the student that are not finite, or bound the term with floor and ceiling.");
        }

        return new Reward(
            total,
            solutionScore,
            likelihoods.Average(),
            likelihoods.Min(),
            thinkKl,
            kl.Length == 0 ? 0 : kl.Average(),
            kl.Length == 0 ? 0 : kl.Max(),
            match,
            kl.Length,
            likelihoods.Length) { Penalty = penalty };
    }

    /// <summary>Schulman's k3 estimate of a KL from one token's log ratio: exp(−x) − 1 + x, never negative.</summary>
    public static double SchulmanKl(double logRatio) => Math.Exp(-logRatio) + logRatio - 1;

    private static double Estimate(double teacher, double student, ThinkEstimate estimate)
    {
        double ratio = teacher - student;
        return estimate switch
        {
            ThinkEstimate.Schulman => SchulmanKl(ratio),
            ThinkEstimate.StudentOnly => -student,
            _ => ratio,
        };
    }
}
