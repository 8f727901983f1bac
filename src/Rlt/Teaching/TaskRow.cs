using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Rlt.Data;

namespace Rlt.Teaching;

/// <summary>What a row says of a task, in whichever layout it is, before tags are looked for.</summary>
/// <remarks>
/// Layouts: columns, by their usual names or those of <see cref="FieldNames"/>; and lists of turns, <c>conversations</c> of
/// {"from", "value"} or <c>messages</c> of {"role", "content"}, of which the first of each speaker counts; and results of <c>rlt eval</c>,
/// whose <c>response</c> is the assistant's turn, of which the wrong ones are passed over. An answer may be a list, all of it the answer; a list of
/// solutions holds several of one question, of which the first counts.
/// </remarks>
internal sealed partial class TaskRow(JsonRow row, FieldNames fields)
{
    private static readonly string[] QuestionColumns = ["question", "prompt", "problem"];
    private static readonly string[] ExplanationColumns = ["explanation", "reasoning_trace"];
    private static readonly string[] AnswerColumns = ["answer", "final_answer"];
    private static readonly string[] TurnColumns = ["conversations", "messages"];
    private static readonly string[] User = ["user", "human"];
    private static readonly string[] Assistant = ["assistant", "gpt"];

    /// <summary>The row.</summary>
    public JsonRow Row => row;

    /// <summary>Is the task in turns. A row with both question and solution as columns, such as a collected trace of a conversation, is not.</summary>
    public bool IsConversation => Turns is not null && fields.Question is null && !(row.Has("question") && row.Has(SolutionColumn));

    /// <summary>Is the task a model's answer to a question, from <c>rlt eval</c>.</summary>
    public bool IsResult => IsResultRow(row) && !IsConversation;

    /// <summary>The question.</summary>
    /// <exception cref="DataException">There is none.</exception>
    public string Question => fields.Question is { } column ? row.Text(column)
        : IsResult ? row.Text("prompt")
        : IsConversation ? Turn(User)
        : First(QuestionColumns) ?? throw row.Problem($"no question; expected one of {string.Join(", ", QuestionColumns.Select(key => $"'{key}'"))}.");

    /// <summary>The column of the solution.</summary>
    public string SolutionColumn => fields.Solution ?? "solution";

    /// <summary>The column of the explanation; null where the row has none.</summary>
    public string? ExplanationColumn => fields.Explanation is { } column ? (row.Has(column) ? column : null) : ExplanationColumns.FirstOrDefault(row.Has);

    /// <summary>The final answer, where there is one.</summary>
    /// <exception cref="DataException">It lists several although the row says that it has one.</exception>
    public string? Answer => AnswerColumn is not { } column ? null
        : row.Fields["is_multiple_answer"] is not { } several ? row.AnswerOrNull(column)
        : several.ToString().Equals("true", StringComparison.OrdinalIgnoreCase) ? Separate().Replace(row.AnswerOrNull(column) ?? "", ", ")
        : row.Fields[column] is JsonArray { Count: > 1 } ? throw row.Problem($"'{column}' lists several answers while 'is_multiple_answer' is {several}; expected one.")
        : row.AnswerOrNull(column);

    /// <summary>The teacher's system prompt, where the row brings one.</summary>
    public string? TeacherSystem => row.TextOrNull("teacher_system");

    /// <summary>The student's system prompt, where the row brings one.</summary>
    public string? StudentSystem => fields.System is { } column
        ? row.TextOrNull(column)
        : row.TextOrNull("student_system") ?? row.TextOrNull("system") ?? (IsConversation ? TurnOrNull(["system"]) : null);

    /// <summary>The teacher's whole prompt, which stands as 'prompt' beside the question in rows that bring it.</summary>
    public string? TeacherPrompt => fields.Question is null && !IsConversation && !IsResult && row.Has("question") && row.TextOrNull("prompt") is { } prompt && prompt != Question ? prompt : null;

    /// <summary>Is the solution to be looked for in the assistant's turn.</summary>
    public bool SolutionIsInTurn => (IsConversation || IsResult) && fields.Solution is null;

    /// <summary>Is the explanation to be looked for in the assistant's turn.</summary>
    public bool ExplanationIsInTurn => (IsConversation || IsResult) && fields.Explanation is null;

    /// <summary>What the assistant says.</summary>
    /// <exception cref="DataException">There is no such turn.</exception>
    public string AssistantTurn => IsResult ? row.Text("response") : Turn(Assistant);

    /// <summary>What the assistant says; null where it says nothing.</summary>
    public string? AssistantTurnOrNull => IsResult ? row.Text("response") : TurnOrNull(Assistant);

    /// <summary>The solution, or the assistant's turn, as it stands; null where there is neither.</summary>
    public string? SolutionText => SolutionIsInTurn ? AssistantTurnOrNull : row.FirstTextOrNull(SolutionColumn);

    /// <summary>Is the row a result of <c>rlt eval</c>: what a model was asked, what it said, and whether that is right.</summary>
    public static bool IsResultRow(JsonRow row) => row.Has("prompt") && row.Has("response") && row.Has("correct") && !row.Has("solution");

    private string? AnswerColumn => fields.Answer ?? AnswerColumns.FirstOrDefault(row.Has);

    private string? Turns => TurnColumns.FirstOrDefault(row.Has);

    private string Turn(string[] speakers) => TurnOrNull(speakers) ?? throw row.Problem(
        $"'{Turns}' has no turn from {string.Join(" or ", speakers)}; expected a list of {(Turns == "messages" ? "{\"role\", \"content\"}" : "{\"from\", \"value\"}")}.");

    private string? TurnOrNull(string[] speakers) => row.Fields[Turns!] is JsonArray turns
        ? turns.OfType<JsonObject>().Where(turn => speakers.Contains(Text(turn["from"] ?? turn["role"]))).Select(turn => Text(turn["value"] ?? turn["content"])).FirstOrDefault(text => text is not null)
        : null;

    private string? First(string[] columns) => columns.Where(row.Has).Select(row.Text).FirstOrDefault();

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? EscapedLatex.Restore(text) : null;

    // Several answers are no decimal and no thousands: "1,3" is 1 and 3.
    [GeneratedRegex(@"(?<=\d),(?=\d)")]
    private static partial Regex Separate();
}
