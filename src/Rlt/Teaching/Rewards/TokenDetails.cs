using System.Text.Json.Nodes;
using Rlt.Text.Tokenization;

namespace Rlt.Teaching.Rewards;

/// <summary>What each token of an explanation and of its solution was worth: the reward, token by token, to be read and drawn.</summary>
/// <remarks>
/// Spans are UTF-16 positions in the explanation and in the row's solution. "Without" is the student's view with an empty thought;
/// a token that the solution has in one of the two views only, because a merge crossed its edge, has no value there.
/// </remarks>
public static class TokenDetails
{
    /// <summary>The same task with nothing explained.</summary>
    public static TeachingCase Unexplained(TeachingFormat format, TeachingTask task, Tokenizer teacher, Tokenizer student) =>
        TeachingCase.Build(format, task, format.Format.ExplanationClose, teacher, student);

    /// <summary>Adds the spans and log-probabilities of a scored case to an object.</summary>
    /// <param name="details">Receives <c>explanation_spans, teacher_logprobs, student_logprobs, solution_spans, solution_logprobs, solution_logprobs_without</c>.</param>
    /// <param name="built">The case.</param>
    /// <param name="scored">Its scores.</param>
    /// <param name="unexplained">The case of the task's <see cref="Unexplained"/>.</param>
    /// <param name="without">log π_student of that case's solution tokens.</param>
    public static void AddTo(JsonObject details, TeachingCase built, ScoredCase scored, TeachingCase unexplained, float[] without)
    {
        details["explanation_spans"] = Spans(built.ExplanationSpans);
        details["teacher_logprobs"] = Values(scored.TeacherThink);
        details["student_logprobs"] = Values(scored.StudentThink);
        details["solution_spans"] = Spans(built.SolutionSpans);
        details["solution_logprobs"] = Values(scored.Solution);
        details["solution_logprobs_without"] = Values(Aligned(built.SolutionSpans, unexplained.SolutionSpans, without));
    }

    // The n-th token of a place is matched with the n-th token of that place: tokens of one character share it.
    private static IEnumerable<float?> Aligned(IReadOnlyList<TextSpan> wanted, IReadOnlyList<TextSpan> spans, float[] values)
    {
        ILookup<TextSpan, float> known = spans.Zip(values).ToLookup(pair => pair.First, pair => pair.Second);
        var seen = new Dictionary<TextSpan, int>();
        foreach (TextSpan span in wanted)
        {
            int nth = seen[span] = seen.GetValueOrDefault(span) + 1;
            yield return known[span].Skip(nth - 1).Select(value => (float?)value).FirstOrDefault();
        }
    }

    private static JsonArray Spans(IReadOnlyList<TextSpan> spans) => [.. spans.Select(span => new JsonArray(span.Start, span.End))];

    private static JsonArray Values(IEnumerable<float> values) => Values(values.Select(value => (float?)value));

    private static JsonArray Values(IEnumerable<float?> values) => [.. values.Select(value => value is { } number ? (JsonNode)number : null)];
}
