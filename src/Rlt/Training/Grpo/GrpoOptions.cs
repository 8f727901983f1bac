using Rlt.Configuration;

namespace Rlt.Training.Grpo;

/// <summary>What a token's loss is divided by.</summary>
public enum LossAggregation
{
    /// <summary>The tokens of its sequence, then the sequences of the step (GRPO as released, the paper).</summary>
    Sequence,

    /// <summary>All tokens of the step, so long explanations weigh more (DAPO, arXiv 2503.14476).</summary>
    Token,

    /// <summary>A constant: the token limit times the sequences (Dr. GRPO, arXiv 2503.20783).</summary>
    Constant,
}

/// <summary>Over what the ratio between policy and sampling policy is taken.</summary>
public enum RatioLevel
{
    /// <summary>Each token (GRPO).</summary>
    Token,

    /// <summary>The geometric mean over each sequence (GSPO, arXiv 2507.18071).</summary>
    Sequence,
}

/// <summary>The choices of GRPO's loss; the defaults are the paper's.</summary>
/// <remarks>Source: RLT (arXiv 2506.08388) and its released code; GRPO (arXiv 2402.03300).</remarks>
public sealed record GrpoOptions : IValidated
{
    /// <summary>β: weight of the KL penalty to the reference; 0 needs no reference.</summary>
    public double Beta { get; init; } = 0.04;

    /// <summary>sequence, token or constant.</summary>
    public LossAggregation Aggregation { get; init; } = LossAggregation.Sequence;

    /// <summary>token or sequence.</summary>
    public RatioLevel Ratio { get; init; } = RatioLevel.Token;

    /// <summary>
    /// The ratio is clipped below 1 − this where that lowers the loss's pull; 0 leaves it. Acts with
    /// several updates a batch (<see cref="UpdatesPerBatch"/>, <see cref="NumIterations"/>).
    /// </summary>
    public double ClipLow { get; init; }

    /// <summary>The ratio is clipped above 1 + this; 0 leaves it.</summary>
    public double ClipHigh { get; init; }

    /// <summary>Optimizer steps on one batch of samples, each on its share of the groups.</summary>
    public int UpdatesPerBatch { get; init; } = 1;

    /// <summary>μ: passes over one batch of samples, each of <see cref="UpdatesPerBatch"/> optimizer steps (GRPO, arXiv 2402.03300, algorithm 1).</summary>
    public int NumIterations { get; init; } = 1;

    /// <summary>Divides advantages by their group's deviation; off, they are only centred (Dr. GRPO).</summary>
    public bool NormalizeByStd { get; init; } = true;

    /// <summary>Leaves explanations that hit the token limit out of the loss (DAPO's overlong filtering).</summary>
    public bool MaskTruncated { get; init; }

    /// <summary>Replaces groups whose rewards are all equal by further questions, in up to this many rounds (DAPO's dynamic sampling); 0 keeps them.</summary>
    public int ResampleRounds { get; init; }

    /// <summary>Takes the loss's log-probabilities at the sampling temperature; off, at 1.</summary>
    public bool UnbiasLogProbs { get; init; } = true;

    /// <summary>Whether the policy has moved from the one that sampled by the time it learns some of the samples.</summary>
    public bool ReusesSamples => UpdatesPerBatch * NumIterations > 1;

    /// <summary>What the ratio is clipped to; without bound where the setting is 0.</summary>
    public (double Low, double High) RatioBounds =>
        (ClipLow > 0 ? 1 - ClipLow : double.NegativeInfinity, ClipHigh > 0 ? 1 + ClipHigh : double.PositiveInfinity);

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Problems() =>
    [
        .. Ranges.NotNegative((nameof(Beta), Beta), (nameof(ClipHigh), ClipHigh), (nameof(ResampleRounds), ResampleRounds)),
        .. Ranges.AtLeastOne((nameof(UpdatesPerBatch), UpdatesPerBatch), (nameof(NumIterations), NumIterations)),
        .. ClippingProblems(),
    ];

    private IEnumerable<ConfigProblem> ClippingProblems()
    {
        if (ClipLow is < 0 or >= 1)
        {
            yield return new ConfigProblem(nameof(ClipLow), $"is {ClipLow}; expected 0 (no clipping) to below 1");
        }

        if (ReusesSamples && ClipLow == 0 && ClipHigh == 0)
        {
            (string key, int value) = UpdatesPerBatch > 1 ? (nameof(UpdatesPerBatch), UpdatesPerBatch) : (nameof(NumIterations), NumIterations);
            yield return new ConfigProblem(key,
                $"is {value} without clipping, which lets the policy run away from its samples. Set clip_low and clip_high (0.2 and 0.28 are usual)");
        }

        if (!ReusesSamples && (ClipLow > 0 || ClipHigh > 0))
        {
            yield return new ConfigProblem(nameof(ClipHigh),
                "does nothing with one update a batch, where the ratio is 1. Set updates_per_batch or num_iterations, or leave clip_low and clip_high out");
        }
    }
}
