namespace Rlt.Models.Plans;

/// <summary>Rotary positions of one kind of layer.</summary>
/// <param name="Dimensions">How many of a head's first dimensions are turned; even.</param>
/// <param name="Theta">Base of the frequencies.</param>
public sealed record RotaryPlan(int Dimensions, double Theta)
{
    /// <summary>The stretching of positions; null for none.</summary>
    public RopeScaling? Scaling { get; init; }

    /// <summary>How many of the pairs have a frequency; the others stay as they are (Gemma 4's "proportional"). Null: all.</summary>
    public int? TurnedPairs { get; init; }

    /// <summary>A factor that grows with the position (Ministral 3's queries); null for none.</summary>
    public PositionScale? PositionScale { get; init; }
}

/// <summary>1 + beta · ln(1 + ⌊position / original⌋).</summary>
/// <param name="Beta">"llama_4_scaling_beta".</param>
/// <param name="OriginalPositions">The context length of pre-training, tokens.</param>
public sealed record PositionScale(double Beta, int OriginalPositions);
