using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Grading;
using Rlt.Teaching;

namespace Rlt.Evaluation.Questions;

/// <summary>Reads a benchmark's questions from the rows of a data file.</summary>
internal sealed class QuestionRow(BenchmarkDefinition benchmark, FieldNames fields)
{
    private const int IdBytes = 6;

    /// <summary>The question of a row.</summary>
    /// <exception cref="DataException">The row has no question, no answer, or lacks a choice.</exception>
    public EvalQuestion Read(JsonRow row)
    {
        var columns = new TaskRow(row, fields);
        string question = columns.Question;
        (IReadOnlyList<string> choices, string answer) = benchmark.CorrectChoice is { } correct ? Choices(row, question, correct) : ([], Answer(row, columns));
        if (benchmark.Answer == AnswerKind.Choice)
        {
            answer = answer.Trim(' ', '(', ')', '[', ']', '.').ToUpperInvariant();
        }

        if (benchmark.Answer == AnswerKind.Choice && (answer.Length != 1 || !PromptTemplate.Letters.Contains(answer[0], StringComparison.Ordinal)))
        {
            throw row.Problem("the answer is no letter from A to D, which the benchmark's answer: choice needs.");
        }

        return new EvalQuestion(new TeachingTask(question, "") { StudentSystem = columns.StudentSystem, Row = row.Fields }, answer)
        {
            Id = Id(row, question),
            Prompt = PromptTemplate.Fill(benchmark.Prompt, question, choices),
            Choices = choices,
        };
    }

    private string Answer(JsonRow row, TaskRow columns)
    {
        string answer = columns.Answer is { } given && !string.IsNullOrWhiteSpace(given) ? given : AnswerGrader.Boxed(columns.SolutionText ?? "")
            ?? throw row.Problem($"no '{fields.Answer ?? "answer"}', and no \\boxed{{}} in "
                + $"{(columns.SolutionIsInTurn ? "the assistant's turn" : $"'{columns.SolutionColumn}'")}; expected one of them.");
        int mark = benchmark.AnswerAfter is { } after ? answer.LastIndexOf(after, StringComparison.Ordinal) : -1;
        return mark < 0 ? answer : answer[(mark + benchmark.AnswerAfter!.Length)..].Trim();
    }

    private (IReadOnlyList<string> Choices, string Answer) Choices(JsonRow row, string question, string correct)
    {
        string[] choices = [Choice(row, correct), .. benchmark.WrongChoices.Select(column => Choice(row, column))];
        string[] shown = [.. ChoiceOrder.Of(question, choices.Length).Select(place => choices[place])];
        return (shown, PromptTemplate.Letters[Array.IndexOf(shown, choices[0])].ToString());
    }

    // The message does not quote the value, which may be of a hidden benchmark.
    private static string Choice(JsonRow row, string column) =>
        row.Fields[column] is JsonValue value ? value.ToString().Trim() : throw row.Problem($"'{column}' is missing or no text; expected a choice.");

    private static string Id(JsonRow row, string question) => row.Fields["id"] is JsonValue id
        ? id.ToString()
        : "q-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(question)).AsSpan(0, IdBytes));
}
