namespace Rlt.Text.Tokenization.Models;

/// <summary>Every piece is a token of the vocabulary or the unknown token.</summary>
internal sealed class WordLevelModel(Dictionary<string, int> vocabulary, string unknown) : TokenModel(vocabulary)
{
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <inheritdoc/>
    public override ReadOnlySpan<ModelToken> Tokenize(ReadOnlySpan<char> piece)
    {
        if (_lookup.TryGetValue(piece, out int id) || Vocabulary.TryGetValue(unknown, out id))
        {
            return new[] { new ModelToken(id, 0, piece.Length) };
        }

        throw new DataException(
            $"The tokenizer's vocabulary has neither '{piece}' nor its unknown token '{unknown}'. Use text it knows, or another tokenizer.");
    }
}
