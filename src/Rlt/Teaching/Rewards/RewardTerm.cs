using Rlt.Configuration;
using Rlt.Statistics;

namespace Rlt.Teaching.Rewards;

/// <summary>What is done to each token's value before the values become one number.</summary>
public enum Normalization
{
    /// <summary>Nothing: the value stays in nats.</summary>
    None,

    /// <summary>exp(x): a log-likelihood becomes a probability.</summary>
    Exp,

    /// <summary>1 − exp(−x): a value of at least 0 becomes one from 0 to 1. Below 0 it falls exponentially, without bound.</summary>
    ExpNorm,
}

/// <summary>One term of the reward: its tokens' values normalised, bounded, and summed up by weighted statistics.</summary>
/// <remarks>Statistics without a weight do not count; those of the defaults that a config does not name keep their weight. Source: RLT (arXiv 2506.08388).</remarks>
public sealed record RewardTerm : IValidated
{
    /// <summary>none, exp or exp_norm.</summary>
    public Normalization Normalize { get; init; }

    /// <summary>Normalised values below it are raised to it; without it there is no bound.</summary>
    public double? Floor { get; init; }

    /// <summary>Normalised values above it are lowered to it; without it there is no bound.</summary>
    public double? Ceiling { get; init; }

    /// <summary>Weight of the mean over the tokens.</summary>
    public double Mean { get; init; }

    /// <summary>Weight of the sum over the tokens.</summary>
    public double Sum { get; init; }

    /// <summary>Weight of the least value.</summary>
    public double Min { get; init; }

    /// <summary>Weight of the largest value.</summary>
    public double Max { get; init; }

    /// <summary>Weight of the median; of an even number of values, the lower of the middle two.</summary>
    public double Median { get; init; }

    /// <summary>Weight of the first quartile, interpolated linearly between the two values beside it.</summary>
    public double FirstQuartile { get; init; }

    /// <summary>Weight of the last quartile, interpolated in the same way.</summary>
    public double LastQuartile { get; init; }

    /// <summary>The term of a sequence's values; 0 where there are none, whatever the settings.</summary>
    public double Of(IReadOnlyList<double> values)
    {
        if (values.Count == 0)
        {
            return 0;
        }

        double[] sorted = [.. values.Select(value => Bounded(Normalized(value))).Order()];
        double sum = sorted.Sum();
        return (Mean * (sum / sorted.Length))
            + (Sum * sum)
            + (Min * sorted[0])
            + (Max * sorted[^1])
            + (Median * sorted[(sorted.Length - 1) / 2])
            + (FirstQuartile * Quantile.Of(sorted, 0.25))
            + (LastQuartile * Quantile.Of(sorted, 0.75));
    }

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Problems()
    {
        if (Floor > Ceiling)
        {
            yield return new ConfigProblem(nameof(Floor), $"is {Floor}, above the ceiling of {Ceiling}; expected at most the ceiling");
        }
    }

    private double Normalized(double value) => Normalize switch
    {
        Normalization.Exp => Math.Exp(value),
        Normalization.ExpNorm => 1 - Math.Exp(-value),
        _ => value,
    };

    // Not Math.Clamp: either bound may be missing, and a value that is not a number must stay one.
    private double Bounded(double value) => value < Floor ? Floor.Value : value > Ceiling ? Ceiling.Value : value;
}
