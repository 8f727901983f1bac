using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Rlt.Data;
using Rlt.Text.Chat;

namespace Rlt.Teaching;

/// <summary>What a row says of a task, in whichever layout it is, before tags are looked for.</summary>
/// <remarks>
/// Layouts: columns, by their usual names or those of <see cref="FieldNames"/>; and lists of turns, <c>conversations</c> of
/// {"from", "value"} or <c>messages</c> of {"role", "content"}, of which the first question counts and the assistant's turn right after it; and
/// results of <c>rlt eval</c>, whose <c>response</c> is the assistant's turn, of which the wrong ones are passed over. An answer may be a list, all of
/// it the answer; a list of solutions holds several of one question, of which the first counts.
/// </remarks>
internal sealed partial class TaskRow(JsonRow row, FieldNames fields)
{
    private static readonly string[] QuestionColumns = ["question", "prompt", "problem"];
    private static readonly string[] ExplanationColumns = ["explanation", "reasoning_trace"];
    private static readonly string[] AnswerColumns = ["answer", "final_answer"];
    private static readonly string[] TurnColumns = ["conversations", "messages"];
    private static readonly string[] User = ["user", "human"];
    private static readonly string[] Assistant = ["assistant", "gpt"];

    private string? _assistantTurn;

    /// <summary>The row.</summary>
    public JsonRow Row => row;

    /// <summary>Is the task in turns. A row with both question and solution as columns, such as a collected trace of a conversation, is not.</summary>
    public bool IsConversation => Turns is not null && fields.Question is null && !(row.Has("question") && row.Has(SolutionColumn));

    /// <summary>Is the task a model's answer to a question, from <c>rlt eval</c>.</summary>
    public bool IsResult => IsResultRow(row) && !IsConversation;

    /// <summary>The question.</summary>
    /// <exception cref="DataException">There is none.</exception>
    public string Question => Asked is { } question && !string.IsNullOrWhiteSpace(question) ? question : throw row.Problem("the question is empty.");

    private string Asked => fields.Question is { } column ? row.Text(column)
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
        : row.Fields[column] is JsonArray { Count: > 1 }
            ? throw row.Problem($"'{column}' lists several answers while 'is_multiple_answer' is {several}; expected one.")
        : row.AnswerOrNull(column);

    /// <summary>The teacher's system prompt, where the row brings one.</summary>
    public string? TeacherSystem => row.TextOrNull("teacher_system");

    /// <summary>The student's system prompt, where the row brings one.</summary>
    public string? StudentSystem => fields.System is { } column
        ? row.TextOrNull(column)
        : row.TextOrNull("student_system") ?? row.TextOrNull("system") ?? (IsConversation ? TurnOrNull(["system"]) : null);

    /// <summary>The teacher's whole prompt, which stands as 'prompt' beside the question in rows that bring it.</summary>
    public string? TeacherPrompt =>
        fields.Question is null && !IsConversation && !IsResult && row.Has("question") && row.TextOrNull("prompt") is { } prompt && prompt != Question
            ? prompt
            : null;

    /// <summary>Is the solution to be looked for in the assistant's turn.</summary>
    public bool SolutionIsInTurn => (IsConversation || IsResult) && fields.Solution is null;

    /// <summary>Is the explanation to be looked for in the assistant's turn.</summary>
    public bool ExplanationIsInTurn => (IsConversation || IsResult) && fields.Explanation is null;

    /// <summary>What the assistant says.</summary>
    /// <exception cref="DataException">There is no such turn.</exception>
    public string AssistantTurn => AssistantTurnOrNull ?? throw NoTurn(Assistant);

    /// <summary>What the assistant says to the question; null where it says nothing.</summary>
    /// <exception cref="DataException">What follows the question is no answer to it: a tool is called or speaks, or the user goes on.</exception>
    public string? AssistantTurnOrNull => _assistantTurn ??= IsResult ? row.Text("response") : Answering is { } turn ? Said(turn) : null;

    /// <summary>The thought that stands beside the assistant's answer; null where there is none.</summary>
    public string? AssistantThought => IsConversation && Answering is { } turn ? TurnContent.Thought(turn) : null;

    /// <summary>The solution, or the assistant's turn, as it stands; null where there is neither.</summary>
    public string? SolutionText => SolutionIsInTurn ? AssistantTurnOrNull : row.FirstTextOrNull(SolutionColumn);

    /// <summary>Is the row a result of <c>rlt eval</c>: what a model was asked, what it said, and whether that is right.</summary>
    public static bool IsResultRow(JsonRow row) => row.Has("prompt") && row.Has("response") && row.Has("correct") && !row.Has("solution");

    private string? AnswerColumn => fields.Answer ?? AnswerColumns.FirstOrDefault(row.Has);

    private string? Turns => TurnColumns.FirstOrDefault(row.Has);

    private JsonObject[] TurnList => row.Fields[Turns!] is JsonArray turns ? [.. turns.OfType<JsonObject>()] : [];

    // The turn after the first question. Any later answer may be to what stands in between, which the student would never see.
    private JsonObject? Answering
    {
        get
        {
            JsonObject[] turns = TurnList;
            int asked = Array.FindIndex(turns, turn => User.Contains(Speaker(turn)));
            if (asked < 0 || !turns[(asked + 1)..].Any(turn => Assistant.Contains(Speaker(turn))))
            {
                return null;
            }

            JsonObject next = turns[asked + 1];
            string? fault = !Assistant.Contains(Speaker(next)) ? $"is from '{Speaker(next)}'"
                : next["tool_calls"] is JsonArray { Count: > 0 } ? "calls a tool" : null;
            return fault is null ? next : throw row.Problem(
                $"turn {asked + 2} of '{Turns}' {fault}, so the assistant's later answer is not to the question alone; "
                + "expected the answer right after the question. Leave the row out, or learn it whole (target: text).");
        }
    }

    private string Turn(string[] speakers) => TurnOrNull(speakers) ?? throw NoTurn(speakers);

    private DataException NoTurn(string[] speakers) => row.Problem(
        $"'{Turns}' {(row.Fields[Turns!] is JsonArray ? $"has no turn from {string.Join(" or ", speakers)}" : "is no list")}; "
            + $"expected a list of {(Turns == "messages" ? "{\"role\", \"content\"}" : "{\"from\", \"value\"}")}.");

    private string? TurnOrNull(string[] speakers) =>
        TurnList.Where(turn => speakers.Contains(Speaker(turn))).Select(Said).FirstOrDefault(text => text is not null);

    private static string? Speaker(JsonObject turn) => TurnContent.Text(turn["from"] ?? turn["role"]);

    private static string? Said(JsonObject turn) => TurnContent.Text(turn["value"] ?? turn["content"]) is { } text ? EscapedLatex.Restore(text) : null;

    private string? First(string[] columns) => columns.Where(row.Has).Select(row.Text).FirstOrDefault();

    // Several answers are no decimal and no thousands: "1,3" is 1 and 3.
    [GeneratedRegex(@"(?<=\d),(?=\d)")]
    private static partial Regex Separate();
}
