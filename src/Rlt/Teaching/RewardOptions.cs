namespace Rlt.Teaching;

/// <summary>The constants of the RLT reward; the defaults are the paper's final run.</summary>
public sealed record RewardOptions
{
    /// <summary>c1: weight of the mean log-likelihood of the solution's tokens.</summary>
    public double SolutionMeanWeight { get; init; } = 1;

    /// <summary>c2: weight of the least log-likelihood among them.</summary>
    public double SolutionMinWeight { get; init; } = 0.01;

    /// <summary>d1: weight of the mean KL of the explanation's tokens.</summary>
    public double KlMeanWeight { get; init; } = 3;

    /// <summary>d2: weight of the largest KL among them.</summary>
    public double KlMaxWeight { get; init; } = 0.03;

    /// <summary>Both models' logits are divided by it; the sampling temperature of the paper.</summary>
    public double Temperature { get; init; } = 0.7;

    /// <summary>Added to the reward where the closing tag is missing.</summary>
    public double MissingTagPenalty { get; init; } = -1;
}
