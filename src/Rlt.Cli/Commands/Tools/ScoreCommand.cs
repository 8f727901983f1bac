using System.CommandLine;
using Rlt.Configuration;
using Rlt.Data;
using Rlt.Models;
using Rlt.Teaching;
using Rlt.Teaching.Rewards;

namespace Rlt.Cli.Commands.Tools;

/// <summary><c>rlt score</c>: the RLT reward of any explanations.</summary>
internal static class ScoreCommand
{
    public static Command Create()
    {
        var command = new Command(
            "score", "The RLT reward of rows {question, solution, completion} (or a collected trace's explanation), with each of its parts.");
        Option<string> teacher = SharedOptions.Required("--teacher", "the teacher's model directory");
        Option<string> student = SharedOptions.Required("--student", "the student's model directory");
        Option<string> output = SharedOptions.Required("--output", "the JSONL file to write");
        Option<string?> config = SharedOptions.Optional(
            "--config", "a YAML file of reward settings (configs/rewards/); without it those of the teacher's training, else the paper's");
        Option<string?> format = SharedOptions.Optional("--format",
            "a shipped format's name or a format file (configs/formats/); without it that of the teacher's training, else stratos. "
                + "Texts are scored as they stand: pad_plain_text is for data sets");
        var budget = new Option<int>("--token-budget") { Description = "padded tokens in one pass", DefaultValueFactory = _ => 16384 };
        var details = new Option<bool>("--details") { Description = "add per-token log-probabilities and spans" };
        Option<int> window = SharedOptions.Count(
            "--surprise-window", "tokens of the window whose highest mean surprisal is a trace's 'surprise'", TraceMeasures.DefaultWindow);
        var input = new InputOptions(command);
        command.Takes(teacher, student, output, config, format, budget, details, window);

        var device = new DeviceOptions(command);
        command.SetAction(parsed =>
        {
            RewardOptions? reward = parsed.GetValue(config) is { } file ? ConfigLoader.Load<RewardOptions>(file, []) : null;
            string teacherDirectory = Startup.ModelAt(parsed.GetValue(teacher)!), studentDirectory = Startup.ModelAt(parsed.GetValue(student)!);
            var settings = TeacherSettings.Of(teacherDirectory, studentDirectory, parsed.GetValue(format), reward, PromptFormat.DefaultName);
            if (settings.Said is { } said)
            {
                Console.Error.WriteLine(said);
            }

            Startup.Warn(settings.Warnings);
            JsonRow[] rows = [.. input.Rows(parsed)];
            DeviceConfig where = device.Resolve(parsed);
            using LanguageModel teacherModel = Startup.Load(teacherDirectory, where);
            using LanguageModel studentModel = Startup.Load(studentDirectory, where);
            var scorer = new RowScorer(settings.Format, teacherModel, studentModel, settings.Reward, parsed.GetValue(budget));
            int failed = scorer.Score(rows, parsed.GetValue(details), parsed.GetValue(window));
            JsonLines.Write(parsed.GetValue(output)!, rows.Select(row => row.Fields));
            Console.WriteLine(ScoreSummary.Table([.. rows.Select(row => row.Fields)]));
            if (failed > 0)
            {
                Console.Error.WriteLine($"rlt: {failed} of {rows.Length} rows could not be scored; their 'error' says why");
            }
        });
        return command;
    }
}
