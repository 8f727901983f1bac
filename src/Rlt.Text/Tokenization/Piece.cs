namespace Rlt.Text.Tokenization;

/// <summary>A part of an aligned text: text still to be split or given to the model, or already a token.</summary>
/// <param name="Source">The text.</param>
/// <param name="Start">Where the part starts in it.</param>
/// <param name="End">Where the part ends in it.</param>
/// <param name="TokenId">The id of the added token that the part is; null when it is text.</param>
internal readonly record struct Piece(AlignedText Source, int Start, int End, int? TokenId = null)
{
    /// <summary>The part's text.</summary>
    public ReadOnlySpan<char> Text => Source.Value.AsSpan(Start, End - Start);

    /// <summary>The range of the original text that the part stands for.</summary>
    public TextSpan Origin => Source.Origin(Start, End);
}
