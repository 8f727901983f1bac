using Rlt.Text.Tokenization.Patterns;

namespace Rlt.Text.Tokenization.PreTokenization;

/// <summary>Splits at the matches of a pattern, or with <paramref name="invert"/> at what is between them.</summary>
internal sealed class SplitPreTokenizer(Pattern pattern, SplitBehavior behavior, bool invert = false) : PreTokenizer
{
    /// <inheritdoc/>
    public override List<Piece> Apply(List<Piece> pieces)
    {
        var output = new List<Piece>(pieces.Count);
        var scanner = new PatternScanner(pattern);
        var ranges = new List<(TextSpan Span, bool Matches)>();
        foreach (var piece in pieces)
        {
            if (piece.TokenId is not null)
            {
                output.Add(piece);
                continue;
            }

            ranges.Clear();
            scanner.Reset(piece.Source.Value, piece.Start, piece.End);
            FindRanges(scanner, piece, ranges);
            for (int i = 0; i < ranges.Count;)
            {
                int end = EndOfPiece(ranges, i);
                if (!(behavior == SplitBehavior.Removed && ranges[i].Matches))
                {
                    output.Add(new Piece(piece.Source, ranges[i].Span.Start, ranges[end - 1].Span.End));
                }

                i = end;
            }
        }

        return output;
    }

    /// <summary>Lists what matches and what is between matches; an empty match only parts what is on its two sides.</summary>
    private void FindRanges(PatternScanner scanner, Piece piece, List<(TextSpan Span, bool Matches)> ranges)
    {
        int done = piece.Start;
        while (scanner.TryFind(done, out var match))
        {
            if (done < match.Start)
            {
                ranges.Add((new TextSpan(done, match.Start), invert));
            }

            if (!match.IsEmpty)
            {
                ranges.Add((match, !invert));
            }

            done = match.End;
        }

        if (done < piece.End)
        {
            ranges.Add((new TextSpan(done, piece.End), invert));
        }
    }

    /// <summary>The index behind the last range that belongs to the piece that begins with a range.</summary>
    private int EndOfPiece(List<(TextSpan Span, bool Matches)> ranges, int first)
    {
        int end = first + 1;
        switch (behavior)
        {
            case SplitBehavior.Contiguous:
                while (end < ranges.Count && ranges[end].Matches == ranges[first].Matches)
                {
                    end++;
                }

                break;
            case SplitBehavior.MergedWithPrevious when !ranges[first].Matches && end < ranges.Count && ranges[end].Matches:
            case SplitBehavior.MergedWithNext when ranges[first].Matches && end < ranges.Count && !ranges[end].Matches:
                end++;
                break;
        }

        return end;
    }
}

/// <summary>What becomes of the matches of a splitting pattern.</summary>
internal enum SplitBehavior
{
    /// <summary>Matches are dropped.</summary>
    Removed,

    /// <summary>Every match is a piece.</summary>
    Isolated,

    /// <summary>A match belongs to the piece before it.</summary>
    MergedWithPrevious,

    /// <summary>A match belongs to the piece behind it.</summary>
    MergedWithNext,

    /// <summary>Matches side by side are one piece.</summary>
    Contiguous,
}
