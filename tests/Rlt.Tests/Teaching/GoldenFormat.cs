using System.Text.Json.Nodes;
using Rlt.Teaching;

namespace Rlt.Tests.Teaching;

/// <summary>The public data's tags, with system prompts taken from the golden rows.</summary>
internal static class GoldenFormat
{
    public static PromptFormat Stratos { get; } = new()
    {
        TeacherSystem = "",
        StudentSystem = "",
        SolutionOpen = "<|begin_of_solution|>",
        SolutionClose = "<|end_of_solution|>",
        ExplanationOpen = "<|begin_of_explanation|>",
        ExplanationClose = "<|end_of_explanation|>",
        ThoughtOpen = "<|begin_of_thought|>",
        ThoughtClose = "<|end_of_thought|>",
        PadPlainText = false,
    };

    /// <summary>The task of a golden row that the original could format.</summary>
    public static TeachingTask Task(JsonObject processed) =>
        new(processed["questions"]!.GetValue<string>(), processed["solutions_content"]!.GetValue<string>())
        {
            TeacherSystem = SystemOf(processed["text"]!.GetValue<string>()),
            StudentSystem = processed["student_system_prompts"]!.GetValue<string>(),
        };

    private static string SystemOf(string text)
    {
        const string Open = "<|im_start|>system\n";
        int start = text.IndexOf(Open, StringComparison.Ordinal) + Open.Length;
        return text[start..text.IndexOf("<|im_end|>", start, StringComparison.Ordinal)];
    }
}
