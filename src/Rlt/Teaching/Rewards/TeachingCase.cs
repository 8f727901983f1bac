using Rlt.Text.Tokenization;

namespace Rlt.Teaching.Rewards;

/// <summary>One explanation in tokens: what the teacher and the student are asked to score.</summary>
/// <param name="Task">What is explained.</param>
/// <param name="Explanation">The explanation, without its closing tag.</param>
/// <param name="Closed">Whether the completion had its closing tag.</param>
/// <param name="Teacher">The teacher's text.</param>
/// <param name="Student">The student's; its explanation has the same tokens.</param>
public sealed record TeachingCase(TeachingTask Task, string Explanation, bool Closed, SpannedTokens Teacher, SpannedTokens Student)
{
    /// <summary>The explanation's signs of gaming, from its text.</summary>
    public ExplanationSigns Signs { get; } = ExplanationSigns.Of(Explanation, Task);

    /// <summary>Tokenizes both texts once, with character offsets, and selects the tokens that lie wholly inside the spans.</summary>
    /// <remarks>
    /// An explanation's token counts only where both texts have it at the same characters, so the two log-probabilities of
    /// the KL estimate are of one token. Where merges cross an edge of the span, that token is left out.
    /// </remarks>
    /// <exception cref="DataException">The solution has no token of its own.</exception>
    public static TeachingCase Build(TeachingFormat format, TeachingTask task, string completion, Tokenizer teacherTokenizer, Tokenizer studentTokenizer)
    {
        (string explanation, bool closed) = format.Explanation(completion);
        SpannedText teacherText = format.TeacherText(task, explanation), studentText = format.StudentText(task, explanation);
        Encoding teacher = teacherTokenizer.Encode(teacherText.Text, addSpecialTokens: false);
        Encoding student = studentTokenizer.Encode(studentText.Text, addSpecialTokens: false);
        SpanToken[] solution = [.. SpanToken.Inside(student, studentText.Solution, origin: studentText.Solution.End - task.Solution.Length)];
        if (solution.Length == 0)
        {
            throw new DataException("the solution is empty or has no token of its own between its tags; a reward needs at least one");
        }

        (SpanToken Teacher, SpanToken Student)[] shared = [.. SpanToken.Shared(teacher, teacherText.Explanation, student, studentText.Explanation)];
        return new TeachingCase(
            task,
            explanation,
            closed,
            SpannedTokens.Of(teacher.Ids, [.. shared.Select(pair => pair.Teacher)], []),
            SpannedTokens.Of(student.Ids, [.. shared.Select(pair => pair.Student)], solution));
    }

    /// <summary>Refuses a case that is longer than a context: cut, its spans would be wrong or its solution gone.</summary>
    /// <param name="teacherPositions">Tokens the teacher takes.</param>
    /// <param name="studentPositions">Tokens the student takes.</param>
    /// <exception cref="DataException">The case does not fit.</exception>
    public void RequireFits(int teacherPositions, int studentPositions)
    {
        RequireFits("teacher", Teacher.Sequence.Ids.Length, teacherPositions);
        RequireFits("student", Student.Sequence.Ids.Length, studentPositions);
    }

    private static void RequireFits(string model, int tokens, int positions)
    {
        if (tokens > positions)
        {
            throw new DataException(
                $"question, explanation and solution have {tokens} tokens; the {model}'s context takes {positions}. "
                + $"Use a shorter explanation or a {model} with a longer context.");
        }
    }
}
