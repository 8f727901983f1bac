using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Grading;
using Rlt.Text.Chat;

namespace Rlt.Cli.Commands.Evaluation;

/// <summary><c>rlt grade</c>: which responses give the expected answer.</summary>
internal static class GradeCommand
{
    public static Command Create()
    {
        var command = new Command("grade", "Grades rows {answer, response}: adds 'correct', and 'extracted', the response's final answer.");
        Option<string> input = SharedOptions.Required("--input", "a JSONL, JSON or CSV file; rows may have 'precision', 'strict' and 'allow_set_relation_comp' of their own");
        Option<string> output = SharedOptions.Required("--output", "the JSONL file to write: the rows with 'correct' and 'extracted'");
        var precision = new Option<int>("--precision") { Description = "decimal places to which numbers written as decimals must agree", DefaultValueFactory = _ => GradingOptions.Default.Precision };
        var loose = new Option<bool>("--no-strict") { Description = "free variables may have other names, and a tuple may answer for a set" };
        var relations = new Option<bool>("--allow-set-relation-comp") { Description = "an inequality may answer for the set that it describes" };
        var opened = new Option<bool>("--thought-opened")
        {
            Description = "prompts opened the thought: a response without its closing tag is no answer; rows may have 'thought_opened', or 'prompt' as the model got it",
        };
        foreach (Option option in new Option[] { input, output, precision, loose, relations, opened })
        {
            command.Options.Add(option);
        }

        command.SetAction(parsed =>
        {
            var options = new GradingOptions { Precision = parsed.GetValue(precision), Strict = !parsed.GetValue(loose), AllowSetRelationComparison = parsed.GetValue(relations) };
            if (options.Precision is < 0 or > GradingOptions.MostPrecision)
            {
                throw new ConfigException($"--precision is {options.Precision}; expected a number of decimal places from 0 to {GradingOptions.MostPrecision}");
            }

            var tally = new Tally();
            bool allOpened = parsed.GetValue(opened);
            JsonLines.Write(parsed.GetValue(output)!, RowFile.Read(parsed.GetValue(input)!).Select(row => tally.Count(Grade(row, options, allOpened))));
            Console.WriteLine(tally);
        });
        return command;
    }

    private static JsonObject Grade(JsonRow row, GradingOptions options, bool opened)
    {
        Verdict verdict = AnswerGrader.Grade(Answer(row), OpenedThought(row, opened) + row.Text("response"), OfRow(row, options));
        row.Fields["correct"] = verdict.Correct;
        row.Fields["extracted"] = verdict.Extracted;
        return row.Fields;
    }

    // A number is as good an answer as its text, and so is a list.
    private static string Answer(JsonRow row) => row.Fields["answer"] switch
    {
        JsonArray => row.AnswerOrNull("answer"),
        JsonValue value when value.GetValueKind() is JsonValueKind.Number => value.ToJsonString(),
        _ => null,
    } ?? row.Text("answer");

    // The row's own word, be it a tag or true or false, then its prompt's end, then the option.
    private static string OpenedThought(JsonRow row, bool opened) => Setting(row, "thought_opened") switch
    {
        { } text when bool.TryParse(text, out bool flag) => flag ? ThoughtTags.UsualOpening : "",
        { } text => ThoughtTags.LeftOpenAtEnd(text) is { Length: > 0 } tag ? tag : throw row.Problem(
            $"'thought_opened' is '{text}'; expected true, false, or the tag that opened the thought, such as <think>."),
        _ when row.Fields["prompt"] is JsonValue prompt && ThoughtTags.LeftOpenAtEnd(prompt.ToString()) is { Length: > 0 } tag => tag,
        _ => opened ? ThoughtTags.UsualOpening : "",
    };

    private static GradingOptions OfRow(JsonRow row, GradingOptions options) => options with
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

    private sealed class Tally
    {
        private int _rows;
        private int _correct;
        private int _unparsed;

        public JsonObject Count(JsonObject row)
        {
            _rows++;
            _correct += row["correct"]!.GetValue<bool>() ? 1 : 0;
            _unparsed += row["extracted"] is null ? 1 : 0;
            return row;
        }

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{_rows} graded, {Share(_correct):P2} correct, {Share(_unparsed):P2} without an answer");

        private double Share(int count) => _rows == 0 ? 0 : (double)count / _rows;
    }
}
