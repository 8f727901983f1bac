using Rlt.Configuration;

namespace Rlt.Training.Solver;

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
