namespace Rlt.Text.Tokenization;

/// <summary>A range of UTF-16 positions of a text.</summary>
/// <param name="Start">The first position.</param>
/// <param name="End">The position after the last.</param>
public readonly record struct TextSpan(int Start, int End)
{
    /// <summary>How many UTF-16 units the range holds.</summary>
    public int Length => End - Start;

    /// <summary>Whether the range holds nothing.</summary>
    public bool IsEmpty => End <= Start;
}
