using System.Text.Json.Serialization;
using Rlt.Configuration;

namespace Rlt.Teaching.Rewards;

/// <summary>How a token of the explanation is measured: what it costs the student to follow it.</summary>
public enum ThinkEstimate
{
    /// <summary>log π_teacher − log π_student: the paper's KL, estimated on the token alone. It may be negative.</summary>
    LogRatio,

    /// <summary>Schulman's estimate of the same KL, exp(−x) − 1 + x of the log ratio x. Never negative, and huge where the student is far likelier.</summary>
    Schulman,

    /// <summary>−log π_student: the student's surprise alone, so the teacher gains nothing by its own uncertainty.</summary>
    StudentOnly,
}

/// <summary>The settings of the RLT reward; the defaults are the paper's final run.</summary>
/// <remarks>
/// In a config, a term's keys that are left out keep these defaults, so <c>think_kl: {sum: 1}</c> adds to the mean and the
/// maximum; set those to 0 to be rid of them. Source: RLT (arXiv 2506.08388), the reward of the final run.
/// </remarks>
public sealed record RewardOptions : IValidated
{
    /// <summary>How likely the solution becomes: a term over the log-likelihoods of its tokens.</summary>
    [JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
    public RewardTerm SolutionScore { get; init; } = new() { Mean = 1, Min = 0.01 };

    /// <summary>How surprising the explanation is: a term over the estimates of its tokens, subtracted from the reward.</summary>
    [JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
    public RewardTerm ThinkKl { get; init; } = new() { Mean = 3, Max = 0.03 };

    /// <summary>log_ratio, schulman or student_only.</summary>
    public ThinkEstimate ThinkEstimate { get; init; }

    /// <summary>The teacher's logits are divided by it; the paper's sampling temperature.</summary>
    public double TeacherTemperature { get; init; } = 0.7;

    /// <summary>The student's logits are divided by it.</summary>
    public double StudentTemperature { get; init; } = 0.7;

    /// <summary>Added to the reward where the closing tag is missing.</summary>
    public double MissingTagPenalty { get; init; } = -1;

    /// <summary>What signs of gaming cost; nothing in the paper.</summary>
    public RewardPenalties Penalties { get; init; } = new();

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Problems()
    {
        foreach ((string key, double value) in new[] { (nameof(TeacherTemperature), TeacherTemperature), (nameof(StudentTemperature), StudentTemperature) })
        {
            if (value <= 0)
            {
                yield return new ConfigProblem(key, $"is {value}; expected more than 0");
            }
        }

        if (MissingTagPenalty > 0)
        {
            yield return new ConfigProblem(nameof(MissingTagPenalty), $"is {MissingTagPenalty}, which rewards a missing tag; expected 0 or less");
        }
    }
}
