namespace Rlt.Models.Plans;

/// <summary>How rotary positions are stretched beyond the length of pre-training.</summary>
public abstract record RopeScaling
{
    private RopeScaling()
    {
    }

    /// <summary>Every position divided by the factor.</summary>
    /// <param name="Factor">At least 1.</param>
    public sealed record Linear(double Factor) : RopeScaling;

    /// <summary>Llama 3's: low frequencies divided by the factor, high ones kept, a smooth passage between.</summary>
    /// <param name="Factor">At least 1.</param>
    /// <param name="LowFrequencyFactor">Wavelengths above <paramref name="OriginalPositions"/> over this are divided.</param>
    /// <param name="HighFrequencyFactor">Wavelengths below <paramref name="OriginalPositions"/> over this are kept; larger than the low one.</param>
    /// <param name="OriginalPositions">The context length of pre-training, tokens.</param>
    public sealed record Llama3(double Factor, double LowFrequencyFactor, double HighFrequencyFactor, int OriginalPositions) : RopeScaling;

    /// <summary>YaRN (Peng et al. 2023): interpolation by frequency, and attention scaled.</summary>
    /// <param name="Factor">At least 1.</param>
    /// <param name="OriginalPositions">The context length of pre-training, tokens.</param>
    /// <param name="BetaFast">Rotations within the original context above which a frequency is kept; transformers' default is 32.</param>
    /// <param name="BetaSlow">Rotations below which a frequency is divided; transformers' default is 1.</param>
    /// <param name="AttentionFactor">What cosines and sines are multiplied by; null: computed from the factor and the two scales below.</param>
    /// <param name="MagnitudeScale">"mscale"; null where the file has none.</param>
    /// <param name="MagnitudeScaleAllDimensions">"mscale_all_dim"; null where the file has none.</param>
    /// <param name="Truncate">Are the bounds of the passage rounded to whole dimensions; transformers' default is true.</param>
    public sealed record Yarn(
        double Factor,
        int OriginalPositions,
        double BetaFast = 32,
        double BetaSlow = 1,
        double? AttentionFactor = null,
        double? MagnitudeScale = null,
        double? MagnitudeScaleAllDimensions = null,
        bool Truncate = true) : RopeScaling;

    /// <summary>Phi's longrope: each frequency divided by a factor of its own, from one list for short sequences and another for long ones.</summary>
    /// <param name="ShortFactors">For sequences of at most <paramref name="OriginalPositions"/> tokens; one a pair of dimensions.</param>
    /// <param name="LongFactors">For longer ones: for all of their positions.</param>
    /// <param name="OriginalPositions">The context length of pre-training, tokens.</param>
    /// <param name="AttentionFactor">What cosines and sines are multiplied by.</param>
    public sealed record LongRope(IReadOnlyList<double> ShortFactors, IReadOnlyList<double> LongFactors, int OriginalPositions, double AttentionFactor)
        : RopeScaling;
}
