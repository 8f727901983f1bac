using Rlt.Models;
using Rlt.Text.Tokenization;

namespace Rlt.Teaching.Rewards;

/// <summary>A <see cref="SpannedText"/> in tokens, and which of them are its parts'.</summary>
/// <param name="Sequence">The tokens, scored from the first one of a part to the last, where it ends.</param>
/// <param name="Explanation">The explanation's tokens.</param>
/// <param name="Solution">The solution's tokens; none in the teacher's text.</param>
public sealed record SpannedTokens(TokenSequence Sequence, IReadOnlyList<SpanToken> Explanation, IReadOnlyList<SpanToken> Solution)
{
    /// <summary>The tokens up to the last one of a part: nothing behind it changes its log-probability.</summary>
    public static SpannedTokens Of(int[] ids, SpanToken[] explanation, SpanToken[] solution)
    {
        int[] places = [.. explanation.Concat(solution).Select(token => token.Index)];
        var sequence = places.Length == 0 ? new TokenSequence(ids, ids.Length) : new TokenSequence(ids[..(places.Max() + 1)], places.Min());
        return new SpannedTokens(sequence, explanation, solution);
    }

    /// <summary>A part's values among those of the scored tokens.</summary>
    public float[] Values(IReadOnlyList<SpanToken> part, float[] scored) => [.. part.Select(token => scored[token.Index - Sequence.From])];
}

/// <summary>A token that lies wholly inside a part of a text.</summary>
/// <param name="Index">Its index among the text's tokens.</param>
/// <param name="Span">Where in the part it stands; UTF-16 positions. Tokens of one character share its place.</param>
public readonly record struct SpanToken(int Index, TextSpan Span)
{
    /// <summary>The tokens wholly inside a span, in their order. A token without characters is in none.</summary>
    /// <param name="encoding">A text's tokens.</param>
    /// <param name="span">The part.</param>
    /// <param name="origin">The place in the text from which the tokens' places are counted.</param>
    public static IEnumerable<SpanToken> Inside(Encoding encoding, TextSpan span, int origin) =>
        from token in encoding.Offsets.Index()
        where !token.Item.IsEmpty && token.Item.Start >= span.Start && token.Item.End <= span.End
        select new SpanToken(token.Index, new TextSpan(token.Item.Start - origin, token.Item.End - origin));

    /// <summary>The tokens that two texts have at the same characters of a part that both hold.</summary>
    public static IEnumerable<(SpanToken One, SpanToken Other)> Shared(Encoding one, TextSpan partOfOne, Encoding other, TextSpan partOfOther) =>
        from ofOther in Placed(other, partOfOther)
        join ofOne in Placed(one, partOfOne) on ofOther.Place equals ofOne.Place
        select (ofOne.Token, ofOther.Token);

    // A character's several byte tokens share one span, so they are counted as well.
    private static IEnumerable<((TextSpan Span, int Id, int Nth) Place, SpanToken Token)> Placed(Encoding encoding, TextSpan span)
    {
        var seen = new Dictionary<(TextSpan, int), int>();
        foreach (SpanToken token in Inside(encoding, span, span.Start))
        {
            int id = encoding.Ids[token.Index];
            int nth = seen[(token.Span, id)] = seen.GetValueOrDefault((token.Span, id)) + 1;
            yield return ((token.Span, id, nth), token);
        }
    }
}
