using Rlt.Configuration;
using Rlt.Training.Grpo;

namespace Rlt.Training.Solver;

/// <summary>Training a model by GRPO to answer questions: the reward is a right final answer.</summary>
/// <remarks>Source: GRPO with outcome rewards (DeepSeekMath, arXiv 2402.03300; DeepSeek-R1, arXiv 2501.12948).</remarks>
public sealed record SolverConfig : GrpoConfig
{
    /// <summary>Starts from what is usual for outcome rewards: full sampling temperature, groups of 16, a reference that stays.</summary>
    public SolverConfig()
    {
        Temperature = 1;
        GroupSize = 16;
        ReferenceSyncSteps = 0;
    }

    /// <summary>A shipped benchmark's name or a file, by whose template rows become prompts; null: the questions as they stand.</summary>
    [ConfigPath(PathKind.FileOrName)]
    public string? Benchmark { get; init; }

    /// <summary>A shipped format (stratos, r1, small) or a file: its student's system prompt is used, and its form can be rewarded; null for none.</summary>
    [ConfigPath(PathKind.FileOrName)]
    public string? Format { get; init; }

    /// <summary>The system prompt of every question; null: a row's own, else the format's.</summary>
    public string? System { get; init; }

    /// <summary>The reward's weights.</summary>
    public SolverReward Reward { get; init; } = new();

    /// <inheritdoc/>
    public override BestMetric HeldOutMetric => BestMetric.HeldOutAccuracy;

    /// <inheritdoc/>
    public override IEnumerable<ConfigProblem> Problems() =>
    [
        .. base.Problems(),
        .. Reward.Format == 0 || Format is not null
            ? Array.Empty<ConfigProblem>()
            : [new ConfigProblem("reward.format", $"is {Reward.Format}, but there is no format to reward. Set format, or 0")],
        .. StopWhen?.Empty is { } empty
            ? [new ConfigProblem("stop_when.empty", $"is {empty}, but a solver writes no explanations. Set stop_when.truncated or zero_spread")]
            : Array.Empty<ConfigProblem>(),
    ];
}

/// <summary>The weights of an answer's rewards, each of which is 0 or 1.</summary>
public sealed record SolverReward : IValidated
{
    /// <summary>A right final answer.</summary>
    public double Correct { get; init; } = 1;

    /// <summary>The format's form: one thought, closed, and an answer after it.</summary>
    public double Format { get; init; }

    /// <summary>An answer's reward.</summary>
    public double Of(bool correct, bool whole) => (correct ? Correct : 0) + (whole ? Format : 0);

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Problems() =>
    [
        .. Ranges.NotNegative((nameof(Correct), Correct), (nameof(Format), Format)),
        .. Correct + Format == 0 ? [new ConfigProblem(nameof(Correct), "is 0, and so is format; expected something to reward")] : Array.Empty<ConfigProblem>(),
    ];
}
