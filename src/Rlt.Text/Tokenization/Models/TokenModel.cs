namespace Rlt.Text.Tokenization.Models;

/// <summary>A token of a piece of text.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Start">Where it starts in the piece, in UTF-16 units; a partly covered character counts as a whole.</param>
/// <param name="End">Where it ends.</param>
internal readonly record struct ModelToken(int Id, int Start, int End);

/// <summary>Turns pieces of text into tokens of a vocabulary. Safe for use by several threads at once.</summary>
internal abstract class TokenModel(Dictionary<string, int> vocabulary)
{
    /// <summary>Every token of the model with its id.</summary>
    public Dictionary<string, int> Vocabulary { get; } = vocabulary;

    /// <summary>The tokens of one piece, which is not empty.</summary>
    public abstract ReadOnlySpan<ModelToken> Tokenize(ReadOnlySpan<char> piece);
}
