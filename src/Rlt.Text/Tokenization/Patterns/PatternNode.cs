namespace Rlt.Text.Tokenization.Patterns;

/// <summary>How a repetition chooses its length.</summary>
internal enum RepeatKind
{
    /// <summary>As many as possible, giving back when the rest does not match.</summary>
    Greedy,

    /// <summary>As few as possible.</summary>
    Lazy,

    /// <summary>As many as possible, never giving back.</summary>
    Possessive,
}

/// <summary>A position's condition.</summary>
internal enum AnchorKind
{
    /// <summary>The text's start.</summary>
    TextStart,

    /// <summary>The text's end.</summary>
    TextEnd,

    /// <summary>The text's end, or before a line feed that ends the text.</summary>
    TextEndOrLastLine,

    /// <summary>The start of a line.</summary>
    LineStart,

    /// <summary>The end of a line.</summary>
    LineEnd,

    /// <summary>Between a word character and another.</summary>
    WordBoundary,

    /// <summary>Not at a word boundary.</summary>
    NotWordBoundary,
}

/// <summary>A part of a parsed regular expression.</summary>
internal abstract record PatternNode
{
    /// <summary>Whether the part can match the empty text.</summary>
    public abstract bool CanBeEmpty { get; }

    /// <summary>How many code points the part always matches; null when it varies.</summary>
    public abstract int? Length { get; }

    /// <summary>The code points a match can begin with; null when a match can be empty or looks elsewhere.</summary>
    public abstract CodePointSet? First { get; }
}

/// <summary>One code point out of a set.</summary>
internal sealed record SetNode(CodePointSet Set) : PatternNode
{
    /// <inheritdoc/>
    public override bool CanBeEmpty => false;

    /// <inheritdoc/>
    public override int? Length => 1;

    /// <inheritdoc/>
    public override CodePointSet? First => Set;
}

/// <summary>Parts one after another.</summary>
internal sealed record SequenceNode(IReadOnlyList<PatternNode> Parts) : PatternNode
{
    /// <inheritdoc/>
    public override bool CanBeEmpty => Parts.All(part => part.CanBeEmpty);

    /// <inheritdoc/>
    public override int? Length => Parts.Aggregate((int?)0, (sum, part) => sum + part.Length);

    /// <inheritdoc/>
    public override CodePointSet? First
    {
        get
        {
            var first = new List<CodePointSet>();
            foreach (var part in Parts)
            {
                // What an optional part can begin with is added; a look-around only narrows what follows.
                if (part is RepeatNode { Min: 0 } optional && optional.Body.First is { } begin)
                {
                    first.Add(begin);
                }
                else if (part is not (LookNode or AnchorNode))
                {
                    return part.First is { } rest ? CodePointSet.UnionOf([.. first, rest]) : null;
                }
            }

            return null;
        }
    }
}

/// <summary>The first part that leads to a match.</summary>
internal sealed record AlternationNode(IReadOnlyList<PatternNode> Choices) : PatternNode
{
    /// <inheritdoc/>
    public override bool CanBeEmpty => Choices.Any(choice => choice.CanBeEmpty);

    /// <inheritdoc/>
    public override int? Length => Choices.Select(choice => choice.Length).Distinct().ToList() is [var only] ? only : null;

    /// <inheritdoc/>
    public override CodePointSet? First
    {
        get
        {
            CodePointSet?[] firsts = [.. Choices.Select(choice => choice.First)];
            return firsts.Contains(null) ? null : CodePointSet.UnionOf([.. firsts.OfType<CodePointSet>()]);
        }
    }
}

/// <summary>A part repeated; <see cref="Max"/> is <see cref="int.MaxValue"/> when there is no limit.</summary>
internal sealed record RepeatNode(PatternNode Body, int Min, int Max, RepeatKind Kind) : PatternNode
{
    /// <inheritdoc/>
    public override bool CanBeEmpty => Min == 0 || Body.CanBeEmpty;

    /// <inheritdoc/>
    public override int? Length => Min == Max ? Min * Body.Length : null;

    /// <inheritdoc/>
    public override CodePointSet? First => Min > 0 ? Body.First : null;
}

/// <summary>A condition on the text after or before the position, which consumes nothing.</summary>
internal sealed record LookNode(PatternNode Body, bool Behind, bool Negated) : PatternNode
{
    /// <inheritdoc/>
    public override bool CanBeEmpty => true;

    /// <inheritdoc/>
    public override int? Length => 0;

    /// <inheritdoc/>
    public override CodePointSet? First => null;
}

/// <summary>A part whose first match is final.</summary>
internal sealed record AtomicNode(PatternNode Body) : PatternNode
{
    /// <inheritdoc/>
    public override bool CanBeEmpty => Body.CanBeEmpty;

    /// <inheritdoc/>
    public override int? Length => Body.Length;

    /// <inheritdoc/>
    public override CodePointSet? First => Body.First;
}

/// <summary>A condition on the position.</summary>
internal sealed record AnchorNode(AnchorKind Kind) : PatternNode
{
    /// <inheritdoc/>
    public override bool CanBeEmpty => true;

    /// <inheritdoc/>
    public override int? Length => 0;

    /// <inheritdoc/>
    public override CodePointSet? First => null;
}
