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
public readonly record struct SpanToken(int Index, TextSpan Span);
