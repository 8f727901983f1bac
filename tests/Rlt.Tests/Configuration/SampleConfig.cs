using Rlt.Configuration;

namespace Rlt.Tests.Configuration;

internal enum SampleLoss
{
    Grpo,
    DrGrpo,
    BF16,
}

internal sealed record SampleConfig : IValidated
{
    public required string Model { get; init; }

    public required SampleOptim Optim { get; init; }

    public int Steps { get; init; } = 125;

    public long Seed { get; init; }

    public double? Beta { get; init; } = 0.04;

    public string? Note { get; init; }

    public bool Resume { get; init; } = true;

    public SampleLoss Loss { get; init; }

    public IReadOnlyList<double> Coefficients { get; init; } = [1, 0.01];

    public IReadOnlyList<string> Tags { get; init; } = [];

    public IReadOnlyList<SampleStage> Stages { get; init; } = [];

    public int Total => Steps * 2;

    public IEnumerable<ConfigProblem> Problems()
    {
        if (Steps < 1)
        {
            yield return new ConfigProblem(nameof(Steps), $"is {Steps}; expected at least 1.");
        }

        if (Beta > 1)
        {
            yield return new ConfigProblem("optim.learning_rate", "is too high for this beta.");
        }
    }
}

internal sealed record SampleOptim(double LearningRate, int GroupSize = 64) : IValidated
{
    public double WeightDecay { get; init; }

    public IEnumerable<ConfigProblem> Problems()
    {
        if (GroupSize < 2)
        {
            yield return new ConfigProblem(nameof(GroupSize), $"is {GroupSize}; GRPO needs at least 2 samples per question.");
        }
    }
}

internal sealed record SampleStage : IValidated
{
    public required string Name { get; init; }

    public int? Rounds { get; init; }

    public IEnumerable<ConfigProblem> Problems() => Rounds == 0 ? [new ConfigProblem("rounds", "is 0; expected more.")] : [];
}
