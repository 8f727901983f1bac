using System.CommandLine;
using Rlt.Files;
using Rlt.Reports;

namespace Rlt.Cli.Commands.Evaluation;

/// <summary><c>rlt results</c>: tables of finished runs, in Markdown.</summary>
internal static class ResultsCommand
{
    public static Command Create()
    {
        var command = new Command("results", "Tables of finished runs: a teacher's reward at its start and end, and the accuracy of evaluations.");
        var runs = new Argument<string[]>("runs") { Description = "run directories or folders of runs, or NAME=DIRECTORY", Arity = ArgumentArity.OneOrMore };
        Option<string?> picture = SharedOptions.Optional("--svg", "also draw the tables as a picture into this file");
        Option<string?> csv = SharedOptions.Optional(
            "--csv", "instead of tables: writes the steps of each run into DIR/NAME.csv, as trackio and wandb import them");
        command.Arguments.Add(runs);
        command.Takes(picture, csv);
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(csv) is { } directory)
            {
                Console.WriteLine(string.Join('\n', StepTable.Write(RunFolders.Expand(parsed.GetValue(runs)!), directory)));
                return;
            }

            var finished = new FinishedRuns(RunFolders.Expand(parsed.GetValue(runs)!));
            Console.Write(finished.Markdown());
            string?[] missing = [.. finished.LeftOut, parsed.GetValue(picture) is null ? null : finished.NotInPicture];
            Startup.Warn(missing.OfType<string>());
            if (parsed.GetValue(picture) is { } file)
            {
                AtomicFile.WriteText(file, finished.Svg());
            }
        });
        return command;
    }
}
