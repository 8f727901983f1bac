using System.Text.Json.Nodes;
using Rlt.Models;
using Rlt.Text.Tokenization;

namespace Rlt.Teaching;

/// <summary>Writes the teacher's and the student's texts of one explanation. No tokens, no tensors.</summary>
/// <remarks>
/// Source: RLT (arXiv 2506.08388), section 3.1 and its figure of the two prompts; every character is checked against the original's.
/// Templates of some reasoning models (DeepSeek-R1) open the thought themselves. The student then goes on right there, with the
/// tag once, as it does in use; the teacher, who writes no thought before the solution, is given its turn without the tag.
/// </remarks>
public sealed class TeachingFormat(PromptFormat format, ChatRenderer teacherChat, ChatRenderer studentChat)
{
    /// <summary>The tags.</summary>
    public PromptFormat Format { get; } = format;

    /// <summary>The format for one model, whichever part it plays.</summary>
    public static TeachingFormat ForOne(PromptFormat format, ModelText model, JsonObject? templateArgs = null)
    {
        var chat = new ChatRenderer(model.RequireTemplate(), templateArgs);
        return new TeachingFormat(format, chat, chat);
    }

    /// <summary>The format for a teacher and its student, whose view is as distillation writes it: variables of the template are the teacher's alone.</summary>
    public static TeachingFormat ForTwo(PromptFormat format, ModelText teacher, ModelText student, JsonObject? teacherArgs = null) =>
        new(format, new ChatRenderer(teacher.RequireTemplate(), teacherArgs), new ChatRenderer(student.RequireTemplate()));

    /// <summary>What the teacher is given: it continues with the explanation and the closing tag.</summary>
    public string TeacherPrompt(TeachingTask task) => task.TeacherPrompt
        ?? BeforeThought(teacherChat.Prompt(task.TeacherSystem ?? Format.TeacherSystem, task.Question))
            + Format.SolutionOpen + task.Solution + Format.SolutionClose + Format.Delimiter + Format.ExplanationOpen + Format.Padding;

    /// <summary>The explanation in a completion: all before the closing tag, to the end where there is none.</summary>
    /// <returns>The explanation, verbatim, and whether the closing tag is there.</returns>
    public (string Explanation, bool Closed) Explanation(string completion)
    {
        int end = completion.IndexOf(Format.ExplanationClose, StringComparison.Ordinal);
        return end < 0 ? (completion, false) : (completion[..end], true);
    }

    /// <summary>The teacher's prompt and an explanation of it, closed.</summary>
    public SpannedText TeacherText(TeachingTask task, string explanation)
    {
        string prompt = TeacherPrompt(task);
        return new SpannedText(prompt + explanation + Format.ExplanationClose,
            new TextSpan(prompt.Length, prompt.Length + explanation.Length), new TextSpan(0, 0));
    }

    /// <summary>The teacher's text to learn an explanation from a row: the span is the explanation, its closing tag and the end of turn.</summary>
    public SpannedText TeacherExample(TeachingTask task)
    {
        string prompt = TeacherPrompt(task);
        string explanation = WithoutPadding(task.Explanation ?? throw new ArgumentException("the task has no explanation", nameof(task)));
        string text = prompt + explanation + Format.ExplanationClose + teacherChat.TurnEnd;
        return new SpannedText(text, new TextSpan(prompt.Length, text.Length), new TextSpan(0, 0));
    }

    /// <summary>What the student is given to answer a question.</summary>
    public string StudentPrompt(TeachingTask task) => studentChat.Prompt(task.StudentSystem ?? Format.StudentSystem, task.Question);

    /// <summary>The student's view: the question, the explanation as its own thought, the solution as its answer.</summary>
    public SpannedText StudentText(TeachingTask task, string explanation)
    {
        string beforeExplanation = IntoThought(StudentPrompt(task));
        string beforeSolution = beforeExplanation + explanation + Format.ThoughtClose + Format.Delimiter + Format.SolutionOpen;
        int solutionStart = beforeSolution.Length + LeadingPadding(task.Solution);
        return new SpannedText(
            beforeSolution + task.Solution + Format.SolutionClose + studentChat.TurnEnd,
            new TextSpan(beforeExplanation.Length, beforeExplanation.Length + explanation.Length),
            new TextSpan(solutionStart, beforeSolution.Length + task.Solution.Length));
    }

    /// <summary>The explanation of a row without the padding that <see cref="TeacherPrompt"/> already ends with.</summary>
    public string WithoutPadding(string explanation) => explanation[LeadingPadding(explanation)..];

    // The blank space that a template puts after the tag stands for the padding.
    private string IntoThought(string prompt) =>
        !OpensThought(prompt) ? prompt + Format.ThoughtOpen + Format.Padding : char.IsWhiteSpace(prompt[^1]) ? prompt : prompt + Format.Padding;

    private string BeforeThought(string prompt) => OpensThought(prompt) ? prompt[..prompt.LastIndexOf(Format.ThoughtOpen, StringComparison.Ordinal)] : prompt;

    private bool OpensThought(string prompt) => prompt.TrimEnd().EndsWith(Format.ThoughtOpen, StringComparison.Ordinal);

    private int LeadingPadding(string text) =>
        Format.Padding.Length > 0 && text.StartsWith(Format.Padding, StringComparison.Ordinal) ? Format.Padding.Length : 0;
}
