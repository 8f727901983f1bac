namespace Rlt.Teaching;

/// <summary>The tags and system prompts around questions, solutions and explanations; one of <c>configs/formats/*.yaml</c>.</summary>
public sealed record PromptFormat
{
    /// <summary>System prompt of the teacher, where the row brings none; empty for none.</summary>
    public required string TeacherSystem { get; init; }

    /// <summary>System prompt of the student, where the row brings none; empty for none.</summary>
    public required string StudentSystem { get; init; }

    /// <summary>Opens the solution, in the teacher's prompt and the student's answer.</summary>
    public required string SolutionOpen { get; init; }

    /// <summary>Closes the solution.</summary>
    public required string SolutionClose { get; init; }

    /// <summary>Opens the teacher's explanation: the prompt's end, before <see cref="Padding"/>.</summary>
    public required string ExplanationOpen { get; init; }

    /// <summary>Closes the teacher's explanation.</summary>
    public required string ExplanationClose { get; init; }

    /// <summary>Opens the student's thought.</summary>
    public required string ThoughtOpen { get; init; }

    /// <summary>Closes the student's thought.</summary>
    public required string ThoughtClose { get; init; }

    /// <summary>Between two sections.</summary>
    public string Delimiter { get; init; } = "\n\n";

    /// <summary>Between an opening tag and an explanation, and around plain text that is to stand between tags.</summary>
    public string Padding { get; init; } = "\n\n";

    /// <summary>Whether solutions and explanations given without tags are padded; otherwise they stand between the tags as they are.</summary>
    public bool PadPlainText { get; init; } = true;
}
