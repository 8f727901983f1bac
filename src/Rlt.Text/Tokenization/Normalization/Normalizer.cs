namespace Rlt.Text.Tokenization.Normalization;

/// <summary>Rewrites text before it is split, keeping it aligned with the original.</summary>
internal abstract class Normalizer
{
    /// <summary>The rewritten text; the same object when nothing changes.</summary>
    public abstract AlignedText Apply(AlignedText text);
}

/// <summary>Normalizers one after another.</summary>
internal sealed class SequenceNormalizer(IReadOnlyList<Normalizer> steps) : Normalizer
{
    /// <inheritdoc/>
    public override AlignedText Apply(AlignedText text) => steps.Aggregate(text, (current, step) => step.Apply(current));
}
