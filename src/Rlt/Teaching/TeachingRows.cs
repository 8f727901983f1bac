using System.Text.Json;
using System.Text.Json.Nodes;
using Rlt.Data;

namespace Rlt.Teaching;

/// <summary>Reads tasks from rows in the layouts that public data sets use.</summary>
/// <remarks>
/// Known layouts: <c>question</c> (or <c>prompt</c>, <c>problem</c>) and <c>solution</c>, with an optional <c>explanation</c>
/// (or <c>reasoning_trace</c>), <c>answer</c>, <c>system</c> (or <c>student_system</c>) and <c>teacher_system</c>; other names of
/// these by <see cref="FieldNames"/>; <c>conversations</c> as Bespoke-Stratos has them, and <c>messages</c>, both with an
/// assistant's turn that holds thought and solution; and results of <c>rlt eval</c>, whose right responses are such turns.
/// </remarks>
public static class TeachingRows
{
    /// <summary>Reads a file of tasks.</summary>
    /// <param name="source">The file.</param>
    /// <param name="format">The tags to look for.</param>
    /// <param name="needsExplanation">Whether a row without an explanation cannot be used.</param>
    /// <exception cref="DataException">There is no row, or too many cannot be used.</exception>
    /// <exception cref="ConfigException">A column named in the config is not there.</exception>
    public static UsableRows<TeachingTask> Read(DataSource source, PromptFormat format, bool needsExplanation) => source.Read(
        needsExplanation ? "'question', 'solution' and 'explanation'" : "'question' and 'solution'",
        row => FilledTask(row, format, needsExplanation, source.Fields),
        // Collection marks the questions for which the teacher wrote no usable explanation; of a model's
        // answers, the right ones in the format's form are examples.
        passOver: row => row.Has("dropped") || (TaskRow.IsResultRow(row) && !IsExample(row, format)));

    /// <summary>Reads a file of questions, whose solutions are empty where a row has none.</summary>
    /// <inheritdoc cref="Read"/>
    public static UsableRows<TeachingTask> ReadQuestions(DataSource source) => source.Read(
        "'question'",
        row =>
        {
            var columns = new TaskRow(row, source.Fields);
            return string.IsNullOrWhiteSpace(columns.Question) ? throw row.Problem("the question is empty.")
                : new TeachingTask(columns.Question, "") { StudentSystem = columns.StudentSystem, Place = row.Place };
        });

    /// <summary>The task of one row, its plain texts padded as the format says.</summary>
    /// <exception cref="DataException">The row cannot be used, with file and line.</exception>
    public static TeachingTask Task(JsonRow row, PromptFormat format, bool needsExplanation, FieldNames? fields = null)
    {
        var columns = new TaskRow(row, fields ?? new FieldNames());
        string question = columns.Question;
        string solution = columns.SolutionIsInTurn ? SolutionInTurn(columns, format) : Solution(columns, format);
        string? explanation = columns.ExplanationIsInTurn
            ? Between(Turn(columns, format) ?? "", format.ThoughtOpen, format.ThoughtClose)
            : columns.ExplanationColumn is { } key ? Explanation(row, key, format) : null;
        return explanation is null && needsExplanation
            ? throw row.Problem("no explanation to learn from; expected "
                + (fields?.Explanation is { } column ? $"one in '{column}'" : "'explanation' or 'reasoning_trace', or a thought section in 'conversations'")
                + ". Rows of question and solution are for train-teacher.")
            : new TeachingTask(question, solution)
            {
                Answer = columns.Answer,
                Explanation = explanation,
                Reward = row.Fields["reward"] is JsonValue value && value.TryGetValue(out double reward) ? reward : null,
                TeacherSystem = columns.TeacherSystem,
                StudentSystem = columns.StudentSystem,
                TeacherPrompt = columns.TeacherPrompt,
                Row = row.Fields,
                Place = row.Place,
            };
    }

    // A task of nothing would be found out in the middle of a run, by its reward.
    private static TeachingTask FilledTask(JsonRow row, PromptFormat format, bool needsExplanation, FieldNames fields)
    {
        TeachingTask task = Task(row, format, needsExplanation, fields);
        string? empty = string.IsNullOrWhiteSpace(task.Question) ? "question" : string.IsNullOrWhiteSpace(task.Solution) ? "solution" : null;

        // What is learned from is not written again, and a row has its texts once more.
        return empty is not null ? throw row.Problem($"the {empty} is empty.") : needsExplanation ? task with { Row = [] } : task;
    }

    private static string Solution(TaskRow columns, PromptFormat format)
    {
        string solution = columns.Row.FirstText(columns.SolutionColumn);
        return format.HasSolutionTags ? Section(columns.Row, columns.SolutionColumn, format.SolutionOpen, format.SolutionClose, format)
            : format.PadPlainText ? solution.Trim() : solution;
    }

    private static bool IsExample(JsonRow row, PromptFormat format) =>
        row.Fields["correct"]!.GetValueKind() == JsonValueKind.True && AnswerForm.IsWhole(format, row.Text("response"));

    // A model whose template opens the thought goes on inside it; a thought that stands beside the answer belongs before it.
    private static string? Turn(TaskRow columns, PromptFormat format)
    {
        if (columns.AssistantTurnOrNull is not { } turn || turn.TrimStart().StartsWith(format.ThoughtOpen, StringComparison.Ordinal))
        {
            return columns.AssistantTurnOrNull;
        }

        return columns.IsResult ? format.ThoughtOpen + turn
            : columns.AssistantThought is { } thought
                ? format.ThoughtOpen + format.Padding + thought.Trim() + format.Padding + format.ThoughtClose + format.Delimiter + turn
            : turn;
    }

    private static string SolutionInTurn(TaskRow columns, PromptFormat format)
    {
        string turn = Turn(columns, format) ?? columns.AssistantTurn;
        string? solution = format.HasSolutionTags ? Between(turn, format.SolutionOpen, format.SolutionClose) : AfterThought(turn, format);
        (string open, string close) = format.HasSolutionTags ? (format.SolutionOpen, format.SolutionClose) : (format.ThoughtOpen, format.ThoughtClose);
        return solution ?? throw columns.Row.Problem($"the assistant's turn has no {open} … {close}; is another format file needed?");
    }

    // A solution without tags of its own is what follows the thought, after the delimiter or whatever blank space stands in its place.
    private static string? AfterThought(string turn, PromptFormat format)
    {
        if (Between(turn, format.ThoughtOpen, format.ThoughtClose) is null)
        {
            return null;
        }

        int thought = turn.IndexOf(format.ThoughtOpen, StringComparison.Ordinal) + format.ThoughtOpen.Length;
        string rest = turn[(turn.IndexOf(format.ThoughtClose, thought, StringComparison.Ordinal) + format.ThoughtClose.Length)..];
        string solution = rest.StartsWith(format.Delimiter, StringComparison.Ordinal) ? rest[format.Delimiter.Length..] : rest.TrimStart();
        return format.PadPlainText ? solution.Trim() : solution;
    }

    private static string Explanation(JsonRow row, string key, PromptFormat format) =>
        row.Text(key).Contains(format.ExplanationOpen, StringComparison.Ordinal)
            ? Section(row, key, format.ExplanationOpen, format.ExplanationClose, format)
            : Section(row, key, format.ThoughtOpen, format.ThoughtClose, format);

    private static string Section(JsonRow row, string key, string open, string close, PromptFormat format)
    {
        string text = row.FirstText(key);
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
}
