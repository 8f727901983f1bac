using Rlt.Configuration.Resuming;
using Rlt.Training.Optimization;

namespace Rlt.Configuration;

/// <summary>How weights are changed.</summary>
/// <remarks>Source: AdamW (arXiv 1711.05101).</remarks>
public sealed record OptimizerConfig : IValidated
{
    /// <summary>The highest learning rate.</summary>
    public required double LearningRate { get; init; }

    /// <summary>constant, linear or cosine.</summary>
    public ScheduleKind Schedule { get; init; } = ScheduleKind.Constant;

    /// <summary>Share of the steps in which the rate rises from zero.</summary>
    public double WarmupRatio { get; init; }

    /// <summary>Decay of the first moment.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the second moment.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Decoupled weight decay; norms and biases are not decayed.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Gradients are scaled down to this L2 norm; 0 leaves them.</summary>
    public double MaxGradNorm { get; init; } = 1.0;

    /// <summary>Moments and master weights in main memory, where the processor updates them: a GPU then holds 12 bytes a weight less.</summary>
    [MayChange]
    public bool Offload { get; init; }

    /// <summary>The sums of gradients in main memory too: 4 bytes a weight less, and every micro-batch's gradients travel.</summary>
    [MayChange]
    public bool OffloadGradients { get; init; }

    /// <summary>The optimizer's constants.</summary>
    public AdamWOptions ToAdamW() => new() { Beta1 = Beta1, Beta2 = Beta2, WeightDecay = WeightDecay };

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Problems()
    {
        if (LearningRate <= 0)
        {
            yield return new ConfigProblem(nameof(LearningRate), $"is {LearningRate}; expected more than 0");
        }

        if (WarmupRatio is < 0 or > 1)
        {
            yield return new ConfigProblem(nameof(WarmupRatio), $"is {WarmupRatio}; expected 0 to 1");
        }

        if (Beta1 is < 0 or >= 1)
        {
            yield return new ConfigProblem(nameof(Beta1), $"is {Beta1}; expected 0 to below 1");
        }

        if (Beta2 is < 0 or >= 1)
        {
            yield return new ConfigProblem(nameof(Beta2), $"is {Beta2}; expected 0 to below 1");
        }

        if (WeightDecay < 0)
        {
            yield return new ConfigProblem(nameof(WeightDecay), $"is {WeightDecay}; expected 0 or more");
        }

        if (OffloadGradients && !Offload)
        {
            yield return new ConfigProblem(nameof(OffloadGradients), "is true without offload, whose memory is the larger. Set offload: true");
        }

        if (MaxGradNorm < 0)
        {
            yield return new ConfigProblem(nameof(MaxGradNorm), $"is {MaxGradNorm}; expected 0 (no clipping) or more");
        }
    }
}
