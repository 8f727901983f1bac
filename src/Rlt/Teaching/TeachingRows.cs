using System.Text.Json.Nodes;
using Rlt.Data;

namespace Rlt.Teaching;

/// <summary>Reads tasks from rows in the layouts that public data sets use.</summary>
/// <remarks>
/// Known layouts: <c>question</c> (or <c>prompt</c>, <c>problem</c>) and <c>solution</c>, with an optional <c>explanation</c>
/// (or <c>reasoning_trace</c>), <c>answer</c>, <c>teacher_system</c>, <c>student_system</c>; and <c>conversations</c> as
/// Bespoke-Stratos has them, with an optional <c>system</c> for the student.
/// </remarks>
public static class TeachingRows
{
    private static readonly string[] QuestionKeys = ["question", "prompt", "problem"];
    private static readonly string[] ExplanationKeys = ["explanation", "reasoning_trace"];

    /// <summary>Reads a file of tasks.</summary>
    /// <param name="path">A JSONL file.</param>
    /// <param name="format">The tags to look for.</param>
    /// <param name="needsExplanation">Whether a row without an explanation is an error.</param>
    /// <param name="limit">Rows read at most; 0 reads all.</param>
    /// <exception cref="DataException">A row cannot be used, with file and line; or there is no row.</exception>
    public static IReadOnlyList<TeachingTask> Read(string path, PromptFormat format, bool needsExplanation, int limit = 0)
    {
        // Collection marks the questions for which the teacher wrote no usable explanation.
        IEnumerable<JsonRow> rows = JsonLines.Read(path).Where(row => !row.Has("dropped"));
        TeachingTask[] tasks = [.. (limit > 0 ? rows.Take(limit) : rows).Select(row => Task(row, format, needsExplanation))];
        return tasks.Length > 0 ? tasks : throw new DataException($"{path}: no rows; expected one JSON object a line with 'question' and 'solution'.");
    }

    /// <summary>The task of one row, its plain texts padded as the format says.</summary>
    public static TeachingTask Task(JsonRow row, PromptFormat format, bool needsExplanation)
    {
        // A trace of such a row has its conversation still, and the collected explanation beside it.
        bool isConversation = row.Has("conversations") && !(row.Has("question") && row.Has("solution"));
        TeachingTask task = isConversation ? Conversation(row, format) : Fields(row, format);
        return task.Explanation is null && needsExplanation
            ? throw row.Problem("no explanation to learn from; expected 'explanation' or 'reasoning_trace', or a thought section in 'conversations'.")
            : task;
    }

    private static TeachingTask Fields(JsonRow row, PromptFormat format)
    {
        string question = First(row, QuestionKeys) ?? throw row.Problem($"no question; expected one of {string.Join(", ", QuestionKeys.Select(key => $"'{key}'"))}.");
        string? explanation = First(row, ExplanationKeys);
        return new TeachingTask(question, Section(row, row.Text("solution"), format.SolutionOpen, format.SolutionClose, format, "solution"))
        {
            Answer = row.Fields["answer"]?.ToString(),
            Explanation = explanation is null ? null : Explanation(row, explanation, format),
            TeacherSystem = row.TextOrNull("teacher_system"),
            StudentSystem = row.TextOrNull("student_system"),
            TeacherPrompt = row.TextOrNull("prompt") is { } prompt && prompt != question ? prompt : null,
            Row = row.Fields,
        };
    }

    private static TeachingTask Conversation(JsonRow row, PromptFormat format)
    {
        string question = Turn(row, "user", "human");
        string answer = Turn(row, "assistant", "gpt");
        string solution = Between(answer, format.SolutionOpen, format.SolutionClose)
            ?? throw row.Problem($"the assistant's turn has no {format.SolutionOpen} … {format.SolutionClose}; is another format file needed?");
        return new TeachingTask(question, solution)
        {
            Explanation = Between(answer, format.ThoughtOpen, format.ThoughtClose),
            StudentSystem = row.TextOrNull("system"),
            Row = row.Fields,
        };
    }

    private static string Turn(JsonRow row, params string[] speakers)
    {
        if (row.Fields["conversations"] is JsonArray turns)
        {
            foreach (JsonNode? turn in turns)
            {
                if (turn is JsonObject said && Text(said["from"]) is { } from && speakers.Contains(from) && Text(said["value"]) is { } value)
                {
                    return value;
                }
            }
        }

        throw row.Problem($"'conversations' has no turn from {string.Join(" or ", speakers)}; expected a list of {{\"from\", \"value\"}}.");
    }

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    private static string Explanation(JsonRow row, string text, PromptFormat format) =>
        text.Contains(format.ExplanationOpen, StringComparison.Ordinal)
            ? Section(row, text, format.ExplanationOpen, format.ExplanationClose, format, "explanation")
            : Section(row, text, format.ThoughtOpen, format.ThoughtClose, format, "explanation");

    private static string Section(JsonRow row, string text, string open, string close, PromptFormat format, string key)
    {
        bool opens = text.Contains(open, StringComparison.Ordinal);
        if (opens != text.Contains(close, StringComparison.Ordinal))
        {
            throw row.Problem($"'{key}' has {(opens ? open : close)} without {(opens ? close : open)}; expected both tags or none.");
        }

        if (opens)
        {
            return Between(text, open, close) ?? throw row.Problem($"'{key}' closes {close} before it opens {open}.");
        }

        bool padded = !format.PadPlainText || text.StartsWith(format.Padding, StringComparison.Ordinal) || text.Trim().Length == 0;
        return padded ? text : format.Padding + text.Trim() + format.Padding;
    }

    private static string? Between(string text, string open, string close)
    {
        int start = text.IndexOf(open, StringComparison.Ordinal);
        int from = start + open.Length;
        int end = start < 0 ? -1 : text.IndexOf(close, from, StringComparison.Ordinal);
        return end < 0 ? null : text[from..end];
    }

    private static string? First(JsonRow row, string[] keys) => keys.Where(row.Has).Select(row.Text).FirstOrDefault();
}
