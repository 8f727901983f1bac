using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Text.Tokenization;

namespace Rlt.Teaching.Rewards;

/// <summary>What each token of an explanation and of its solution was worth: the reward, token by token, to be read and drawn.</summary>
/// <remarks>
/// Spans are UTF-16 positions in the explanation and in the row's solution. "Without" is the student's view with an empty thought;
/// a token that the solution has in one of the two views only, because a merge crossed its edge, has no value there.
/// </remarks>
internal static class TokenDetails
{
    /// <summary>The details of a scored explanation.</summary>
    /// <param name="scored">The explanation.</param>
    /// <param name="unexplained">The student's view of its task with nothing explained.</param>
    /// <param name="without">log π_student of that view's scored tokens.</param>
    public static JsonObject Of(ScoredExplanation scored, SpannedTokens unexplained, float[] without) => new()
    {
        ["explanation_spans"] = Spans(scored.Case.Student.Explanation),
        ["teacher_logprobs"] = JsonArrays.Of(scored.TeacherThink),
        ["student_logprobs"] = JsonArrays.Of(scored.StudentThink),
        ["solution_spans"] = Spans(scored.Case.Student.Solution),
        ["solution_logprobs"] = JsonArrays.Of(scored.Solution),
        ["solution_logprobs_without"] = JsonArrays.Of(
            Aligned(scored.Case.Student.Solution, unexplained.Solution, unexplained.Values(unexplained.Solution, without))),
    };

    // The n-th token of a place is matched with the n-th token of that place: tokens of one character share it.
    private static IEnumerable<float?> Aligned(IReadOnlyList<SpanToken> wanted, IReadOnlyList<SpanToken> tokens, float[] values)
    {
        ILookup<TextSpan, float> known = tokens.Zip(values).ToLookup(pair => pair.First.Span, pair => pair.Second);
        var seen = new Dictionary<TextSpan, int>();
        foreach (SpanToken token in wanted)
        {
            int nth = seen[token.Span] = seen.GetValueOrDefault(token.Span) + 1;
            yield return known[token.Span].Skip(nth - 1).Select(value => (float?)value).FirstOrDefault();
        }
    }

    private static JsonArray Spans(IEnumerable<SpanToken> tokens) => [.. tokens.Select(token => new JsonArray(token.Span.Start, token.Span.End))];
}
