using System.CommandLine;
using Rlt.Configuration;
using Rlt.Reports.Studies;
using Rlt.Studies;
using Rlt.Studies.Settings;

namespace Rlt.Cli.Commands.Evaluation;

/// <summary><c>rlt study</c>: the report of an experiment with several arms and seeds, from its finished runs.</summary>
internal static class StudyCommand
{
    public static Command Create()
    {
        var command = new Command(
            "study", "The report of an experiment with several arms and seeds, from its finished runs: OUT/report.md with pictures, and OUT/study.json.");
        Option<string> config = SharedOptions.Required("--config", "a YAML file of the study: its seeds, arms, comparisons and claims");
        Option<string> output = SharedOptions.Required("--out", "the report's directory");
        Option<string?> runs = SharedOptions.Optional("--runs", "the folder that the runs' paths are relative to, instead of the file's");
        var partial = new Option<bool>("--partial") { Description = "leave out runs that are not there yet, and say so" };
        command.Takes(config, output, runs, partial);

        command.SetAction(parsed =>
        {
            StudyConfig settings = ConfigLoader.Load<StudyConfig>(parsed.GetValue(config), []);
            var study = Study.Of(parsed.GetValue(runs) is { } folder ? settings with { Runs = folder } : settings, parsed.GetValue(partial));
            string directory = parsed.GetValue(output)!;
            StudyReport.Write(study, directory);
            Console.WriteLine(StudyReport.Summary(study));
            Console.Error.WriteLine($"report: {Path.Combine(directory, StudyReport.FileName)}");
        });
        return command;
    }
}
