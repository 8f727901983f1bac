using System.Text.Json.Nodes;

namespace Rlt.Teaching;

/// <summary>A question with its solution, as the teacher sees it.</summary>
/// <param name="Question">The question.</param>
/// <param name="Solution">What stands between the solution tags, padding included.</param>
public sealed record TeachingTask(string Question, string Solution)
{
    /// <summary>The final answer, where the row has one.</summary>
    public string? Answer { get; init; }

    /// <summary>An explanation to learn from: what stands between the thought tags, padding included; null where the row has none.</summary>
    public string? Explanation { get; init; }

    /// <summary>The explanation's reward, where the row has one.</summary>
    public double? Reward { get; init; }

    /// <summary>The row's own system prompt for the teacher; null for the format's.</summary>
    public string? TeacherSystem { get; init; }

    /// <summary>The row's own system prompt for the student; null for the format's.</summary>
    public string? StudentSystem { get; init; }

    /// <summary>The rendered teacher prompt, where the row brings it; used as it is.</summary>
    public string? TeacherPrompt { get; init; }

    /// <summary>Where the row is, "FILE:LINE"; empty where it is of no file.</summary>
    public string Place { get; init; } = "";

    /// <summary>The row as read, copied through to outputs; empty where the task is learned.</summary>
    public JsonObject Row { get; init; } = [];
}
