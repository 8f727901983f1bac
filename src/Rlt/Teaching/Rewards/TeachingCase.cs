using Rlt.Models;
using Rlt.Text.Tokenization;

namespace Rlt.Teaching.Rewards;

/// <summary>One explanation in tokens: what the teacher and the student are asked to score.</summary>
/// <param name="Teacher">The teacher's tokens, scored from the explanation on; the mask marks the explanation's.</param>
/// <param name="Student">The student's tokens, scored from the explanation to the solution's end; the mask marks the explanation's and the solution's.</param>
/// <param name="Thinks">For each scored student token, whether it belongs to the explanation.</param>
/// <param name="Solves">For each scored student token, whether it belongs to the solution.</param>
/// <param name="Closed">Whether the completion had its closing tag.</param>
public sealed record TeachingCase(TokenSequence Teacher, TokenSequence Student, bool[] Thinks, bool[] Solves, bool Closed)
{
    /// <summary>Where in the explanation each token marked by <see cref="Thinks"/> stands; UTF-16 positions. Tokens of one character share its place.</summary>
    public IReadOnlyList<TextSpan> ExplanationSpans { get; init; } = [];

    /// <summary>Where in the task's solution each token marked by <see cref="Solves"/> stands.</summary>
    public IReadOnlyList<TextSpan> SolutionSpans { get; init; } = [];

    /// <summary>The explanation's signs of gaming, from its text.</summary>
    public ExplanationSigns Signs { get; init; } = new(0, 0, 0);

    /// <summary>Tokenizes both texts once, with character offsets, and selects the tokens that lie wholly inside the spans.</summary>
    /// <remarks>
    /// An explanation's token counts only where both texts have it at the same characters, so the two log-probabilities of
    /// the KL estimate are of one token. Where merges cross an edge of the span, that token is left out.
    /// </remarks>
    /// <exception cref="DataException">The solution has no token of its own.</exception>
    public static TeachingCase Build(TeachingFormat format, TeachingTask task, string completion, Tokenizer teacherTokenizer, Tokenizer studentTokenizer)
    {
        (string explanation, bool closed) = format.Explanation(completion);
        SpannedText teacherText = format.TeacherText(task, explanation);
        SpannedText studentText = format.StudentText(task, explanation);
        Encoding teacher = teacherTokenizer.Encode(teacherText.Text, addSpecialTokens: false);
        Encoding student = studentTokenizer.Encode(studentText.Text, addSpecialTokens: false);
        int[] solution = Inside(student, studentText.Solution);
        if (solution.Length == 0)
        {
            throw new DataException("the solution is empty or has no token of its own between its tags; a reward needs at least one");
        }

        (int[] teacherThinks, int[] studentThinks) = Shared(teacher, teacherText.Explanation, student, studentText.Explanation);
        TokenSequence teacherSequence = Scored(teacher.Ids, teacherThinks, out _);
        TokenSequence studentSequence = Scored(student.Ids, [.. studentThinks, .. solution], out int from);
        return new TeachingCase(
            teacherSequence,
            studentSequence,
            Mark(studentThinks, from, studentSequence.ScoredCount),
            Mark(solution, from, studentSequence.ScoredCount),
            closed)
        {
            ExplanationSpans = Spans(student, studentThinks, studentText.Explanation.Start),
            SolutionSpans = Spans(student, solution, studentText.Solution.End - task.Solution.Length),
            Signs = ExplanationSigns.Of(explanation, task),
        };
    }

    /// <summary>Refuses a case that is longer than a context: cut, its spans would be wrong or its solution gone.</summary>
    /// <param name="teacherPositions">Tokens the teacher takes.</param>
    /// <param name="studentPositions">Tokens the student takes.</param>
    /// <exception cref="DataException">The case does not fit.</exception>
    public void RequireFits(int teacherPositions, int studentPositions)
    {
        RequireFits("teacher", Teacher.Ids.Length, teacherPositions);
        RequireFits("student", Student.Ids.Length, studentPositions);
    }

    private static void RequireFits(string model, int tokens, int positions)
    {
        if (tokens > positions)
        {
            throw new DataException(
                $"question, explanation and solution have {tokens} tokens; the {model}'s context takes {positions}. Use a shorter explanation or a {model} with a longer context.");
        }
    }

    private static TextSpan[] Spans(Encoding encoding, int[] indices, int origin) =>
        [.. indices.Select(i => new TextSpan(encoding.Offsets[i].Start - origin, encoding.Offsets[i].End - origin))];

    private static int[] Inside(Encoding encoding, TextSpan span) =>
        [.. Enumerable.Range(0, encoding.Ids.Length).Where(i => IsInside(encoding.Offsets[i], span))];

    private static bool IsInside(TextSpan token, TextSpan span) => token.End > token.Start && token.Start >= span.Start && token.End <= span.End;

    private static (int[] Teacher, int[] Student) Shared(Encoding teacher, TextSpan teacherSpan, Encoding student, TextSpan studentSpan)
    {
        // A character's several byte tokens share one offset, so places are counted as well.
        var places = new Dictionary<(int Start, int End, int Id, int Nth), int>();
        foreach ((int index, (int, int, int, int) place) in Places(teacher, teacherSpan))
        {
            places[place] = index;
        }

        var pairs = Places(student, studentSpan).Where(token => places.ContainsKey(token.Place)).Select(token => (places[token.Place], token.Index)).ToArray();
        return ([.. pairs.Select(pair => pair.Item1)], [.. pairs.Select(pair => pair.Index)]);
    }

    private static IEnumerable<(int Index, (int Start, int End, int Id, int Nth) Place)> Places(Encoding encoding, TextSpan span)
    {
        var seen = new Dictionary<(int, int, int), int>();
        foreach (int index in Inside(encoding, span))
        {
            var place = (encoding.Offsets[index].Start - span.Start, encoding.Offsets[index].End - span.Start, encoding.Ids[index]);
            int nth = seen[place] = seen.GetValueOrDefault(place) + 1;
            yield return (index, (place.Item1, place.Item2, place.Item3, nth));
        }
    }

    // Cut after the last marked token: nothing behind it changes a marked token's log-probability.
    private static TokenSequence Scored(int[] ids, int[] marked, out int from)
    {
        int end = marked.Length == 0 ? ids.Length : marked.Max() + 1;
        from = marked.Length == 0 ? end : marked.Min();
        return new TokenSequence(ids[..end], from, Mark(marked, from, end - from));
    }

    private static bool[] Mark(int[] indices, int from, int count)
    {
        var marks = new bool[count];
        foreach (int index in indices)
        {
            marks[index - from] = true;
        }

        return marks;
    }
}
