using Rlt.Text.Tokenization.Normalization;
using Rlt.Text.Tokenization.Patterns;

namespace Rlt.Text.Tokenization.PreTokenization;

/// <summary>Puts a space in front of each piece that does not start with one: what ByteLevel does before its split.</summary>
internal sealed class PrefixSpacePreTokenizer : PreTokenizer
{
    /// <inheritdoc/>
    public override List<Piece> Apply(List<Piece> pieces)
    {
        for (int i = 0; i < pieces.Count; i++)
        {
            var piece = pieces[i];
            if (piece.TokenId is null && piece.Text is not [' ', ..])
            {
                var text = PrependNormalizer.Prepend(piece.Source.Slice(piece.Start, piece.End), " ");
                pieces[i] = new Piece(text, 0, text.Value.Length);
            }
        }

        return pieces;
    }
}

/// <summary>When a Metaspace splitter puts its mark in front of a piece.</summary>
internal enum PrependScheme
{
    /// <summary>Always, unless the mark is there.</summary>
    Always,

    /// <summary>Only at the start of the original text.</summary>
    First,

    /// <summary>Never.</summary>
    Never,
}

/// <summary>Writes spaces as a mark and, if asked to, splits before each mark.</summary>
internal sealed class MetaspacePreTokenizer(string mark, PrependScheme scheme, bool split) : PreTokenizer
{
    private readonly ReplaceNormalizer _replace = new(Pattern.OfText(" "), mark);
    private readonly SplitPreTokenizer _split = new(Pattern.OfText(mark), SplitBehavior.MergedWithNext);

    /// <inheritdoc/>
    public override List<Piece> Apply(List<Piece> pieces)
    {
        for (int i = 0; i < pieces.Count; i++)
        {
            var piece = pieces[i];
            if (piece.TokenId is not null)
            {
                continue;
            }

            var text = _replace.Apply(piece.Source.Slice(piece.Start, piece.End));
            if (!text.Value.StartsWith(mark, StringComparison.Ordinal)
                && (scheme == PrependScheme.Always || (scheme == PrependScheme.First && piece.Origin.Start == 0)))
            {
                text = PrependNormalizer.Prepend(text, mark);
            }

            pieces[i] = new Piece(text, 0, text.Value.Length);
        }

        return split ? _split.Apply(pieces) : pieces;
    }
}
