namespace Rlt.Teaching;

/// <summary>Whether a response has the form that a format's student learns.</summary>
public static class AnswerForm
{
    /// <summary>One thought, closed, and an answer after it, between its tags where the format has them.</summary>
    /// <param name="format">The tags.</param>
    /// <param name="response">The response; its thought may have been opened by the prompt.</param>
    public static bool IsWhole(PromptFormat format, string response)
    {
        string text = response.TrimStart();
        string thought = text.StartsWith(format.ThoughtOpen, StringComparison.Ordinal) ? text[format.ThoughtOpen.Length..] : text;
        if (thought.Split(format.ThoughtClose) is not [var inside, var answer] || inside.Contains(format.ThoughtOpen, StringComparison.Ordinal))
        {
            return false;
        }

        return format.HasSolutionTags
            ? answer.Trim() is var tagged && tagged.StartsWith(format.SolutionOpen, StringComparison.Ordinal)
                && tagged.EndsWith(format.SolutionClose, StringComparison.Ordinal)
                && tagged.Length > format.SolutionOpen.Length + format.SolutionClose.Length
            : !string.IsNullOrWhiteSpace(answer);
    }
}
