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
            foreach (var span in behavior switch
            {
                SplitBehavior.Removed => ranges.Where(range => !range.Matches).Select(range => range.Span),
                SplitBehavior.Isolated => ranges.Select(range => range.Span),
                _ => Merge(ranges),
            })
            {
                if (!span.IsEmpty)
                {
                    output.Add(new Piece(piece.Source, span.Start, span.End));
                }
            }
        }

        return output;
    }

    private void FindRanges(PatternScanner scanner, Piece piece, List<(TextSpan Span, bool Matches)> ranges)
    {
        int done = piece.Start;
        while (scanner.TryFind(done, out var match))
        {
            if (done < match.Start)
            {
                ranges.Add((new TextSpan(done, match.Start), invert));
            }

            ranges.Add((match, !invert));
            done = match.End;
        }

        if (done < piece.End)
        {
            ranges.Add((new TextSpan(done, piece.End), invert));
        }
    }

    private List<TextSpan> Merge(List<(TextSpan Span, bool Matches)> ranges)
    {
        var merged = new List<TextSpan>();
        for (int i = 0; i < ranges.Count; i++)
        {
            bool joins = i > 0 && behavior switch
            {
                SplitBehavior.Contiguous => ranges[i].Matches == ranges[i - 1].Matches,
                SplitBehavior.MergedWithPrevious => ranges[i].Matches && !ranges[i - 1].Matches,
                _ => !ranges[i].Matches && ranges[i - 1].Matches,
            };
            if (joins)
            {
                merged[^1] = merged[^1] with { End = ranges[i].Span.End };
            }
            else
            {
                merged.Add(ranges[i].Span);
            }
        }

        return merged;
    }
}
