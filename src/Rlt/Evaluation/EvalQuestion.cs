using Rlt.Teaching;

namespace Rlt.Evaluation;

/// <summary>A question and its expected final answer.</summary>
/// <param name="Task">The question.</param>
/// <param name="Answer">The final answer; a letter where there are choices.</param>
public sealed record EvalQuestion(TeachingTask Task, string Answer)
{
    /// <summary>Names the question in results: the row's <c>id</c>, or what its text hashes to.</summary>
    public string Id { get; init; } = "";

    /// <summary>The user's turn.</summary>
    public string Prompt { get; init; } = Task.Question;

    /// <summary>The system prompt; empty for none.</summary>
    public string System { get; init; } = "";

    /// <summary>The choices in the order of their letters; empty where there are none.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];
}
