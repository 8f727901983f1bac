using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Evaluation;
using Rlt.Grading;

namespace Rlt.Cli.Commands.Evaluation;

/// <summary><c>rlt grade</c>: which responses give the expected answer.</summary>
internal static class GradeCommand
{
    public static Command Create()
    {
        var command = new Command("grade", "Grades rows {answer, response}: adds 'correct', and 'extracted', the response's final answer.");
        Option<string> output = SharedOptions.Required("--output", "the JSONL file to write: the rows with 'correct' and 'extracted'");
        var precision = new Option<int>("--precision")
        {
            Description = "decimal places to which numbers written as decimals must agree", DefaultValueFactory = _ => GradingOptions.Default.Precision,
        };
        var loose = new Option<bool>("--no-strict") { Description = "free variables may have other names, and a tuple may answer for a set" };
        var relations = new Option<bool>("--allow-set-relation-comp") { Description = "an inequality may answer for the set that it describes" };
        var opened = new Option<bool>("--thought-opened")
        {
            Description = "prompts opened the thought: a response without its closing tag is no answer; "
                + "rows may have 'thought_opened', or 'prompt' as the model got it",
        };
        var input = new InputOptions(command, "a JSONL, JSON or CSV file; rows may have 'precision', 'strict' and 'allow_set_relation_comp' of their own");
        command.Takes(output, precision, loose, relations, opened);

        command.SetAction(parsed =>
        {
            var options = new GradingOptions
            {
                Precision = parsed.GetValue(precision), Strict = !parsed.GetValue(loose), AllowSetRelationComparison = parsed.GetValue(relations),
            };
            if (options.Precision is < 0 or > GradingOptions.MostPrecision)
            {
                throw new ConfigException($"--precision is {options.Precision}; expected a number of decimal places from 0 to {GradingOptions.MostPrecision}");
            }

            var tally = new Tally();
            var grader = new RowGrader(options, parsed.GetValue(opened));
            JsonLines.Write(parsed.GetValue(output)!, input.Rows(parsed).Select(row => tally.Count(grader.Grade(row))));
            Console.WriteLine(tally);
        });
        return command;
    }

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

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture, $"{_rows} graded, {Share(_correct):P2} correct, {Share(_unparsed):P2} without an answer");

        private double Share(int count) => _rows == 0 ? 0 : (double)count / _rows;
    }
}
