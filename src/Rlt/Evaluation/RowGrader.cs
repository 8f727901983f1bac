using System.Globalization;
using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Grading;
using Rlt.Text.Chat;

namespace Rlt.Evaluation;

/// <summary>Grades rows that bring their responses.</summary>
/// <param name="options">How answers are compared, where a row does not say.</param>
/// <param name="opened">Whether prompts opened the thought, where a row does not say.</param>
public sealed class RowGrader(GradingOptions options, bool opened)
{
    /// <summary>Adds <c>correct</c>, and <c>extracted</c>, the response's final answer, to a row {answer, response}.</summary>
    /// <exception cref="DataException">A field is missing or of another kind.</exception>
    public JsonObject Grade(JsonRow row)
    {
        Verdict verdict = AnswerGrader.Grade(Answer(row), OpenedThought(row) + row.Text("response"), OfRow(row));
        row.Fields["correct"] = verdict.Correct;
        row.Fields["extracted"] = verdict.Extracted;
        return row.Fields;
    }

    // A number is as good an answer as its text, and so is a list.
    private static string Answer(JsonRow row) =>
        (row.Fields["answer"] is JsonArray ? row.AnswerOrNull("answer") : JsonRow.NumberText(row.Fields["answer"])) ?? row.Text("answer");

    // The row's own word, be it a tag or true or false, then its prompt's end, then the option.
    private string OpenedThought(JsonRow row) => Setting(row, "thought_opened") switch
    {
        { } text when bool.TryParse(text, out bool flag) => flag ? ThoughtTags.UsualOpening : "",
        { } text => ThoughtTags.LeftOpenAtEnd(text) is { Length: > 0 } tag ? tag : throw row.Problem(
            $"'thought_opened' is '{text}'; expected true, false, or the tag that opened the thought, such as <think>."),
        _ when row.Fields["prompt"] is JsonValue prompt && ThoughtTags.LeftOpenAtEnd(prompt.ToString()) is { Length: > 0 } tag => tag,
        _ => opened ? ThoughtTags.UsualOpening : "",
    };

    private GradingOptions OfRow(JsonRow row) => options with
    {
        Precision = Precision(row) ?? options.Precision,
        Strict = Flag(row, "strict") ?? options.Strict,
        AllowSetRelationComparison = Flag(row, "allow_set_relation_comp") ?? options.AllowSetRelationComparison,
        StatedOnly = Setting(row, "finish_reason") == "length",
    };

    // CSV has texts only; an empty one is no setting.
    private static string? Setting(JsonRow row, string key) => row.Fields[key]?.ToString() is { Length: > 0 } text ? text : null;

    private static int? Precision(JsonRow row) => Setting(row, "precision") is not { } text ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int places) && places <= GradingOptions.MostPrecision ? places
        : throw row.Problem($"'precision' is {text}; expected a number of decimal places from 0 to {GradingOptions.MostPrecision}.");

    private static bool? Flag(JsonRow row, string key) => Setting(row, key) is not { } text ? null
        : bool.TryParse(text, out bool value) ? value
        : throw row.Problem($"'{key}' is {text}; expected true or false.");
}
