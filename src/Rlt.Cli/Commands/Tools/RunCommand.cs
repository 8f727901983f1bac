using System.CommandLine;
using Rlt.Cli.Pipelines;
using Rlt.Configuration.Pipelines;
using Rlt.Files;
using Rlt.Reports;

namespace Rlt.Cli.Commands.Tools;

/// <summary><c>rlt run</c>: the stages of a pipeline's file.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var command = new Command("run", "Runs the stages of one file, such as warmup, train-teacher, collect, distill and eval, "
            + "each on what those before it have made, and rounds of them. All are checked before the first begins; those that are done are left out, "
            + "and one that was stopped goes on. The keys of the file: rlt config run");
        var file = new Argument<string>("FILE") { Description = "a pipeline's YAML file, or a shipped one's name: small/quickstart" };
        Option<string?> output = SharedOptions.Optional("--out", "the folder of the stages' folders, in place of the file's");
        var jobs = new Option<int?>("--jobs") { Description = "stages that run side by side at most, in place of the file's" };
        var rounds = new Option<int?>("--rounds") { Description = "how many rounds, in place of the file's; those that are done are left out" };
        command.Arguments.Add(file);
        command.Takes(output, jobs, rounds);
        command.SetAction(async (parsed, stop) =>
        {
            string[] overrides =
            [
                .. parsed.GetValue(output) is { } folder ? [$"out={folder}"] : Array.Empty<string>(),
                .. parsed.GetValue(jobs) is { } count ? [$"jobs={count}"] : Array.Empty<string>(),
                .. parsed.GetValue(rounds) is { } times ? [$"rounds.count={times}"] : Array.Empty<string>(),
            ];
            (PipelineConfig config, IReadOnlyList<PipelineStage> stages) = PipelineFile.Load(
                parsed.GetValue(file)!, overrides, name => CommandSettings.Of(name)!.Record, note => Console.Error.WriteLine($"note: {note}"));
            string[] names = [.. stages.Select(stage => stage.Name)];
            string[] problems = [.. stages.SelectMany(stage => StageCheck.Problems(stage, config.Out, names))];
            if (problems.Length > 0)
            {
                throw new ConfigException(string.Join(Environment.NewLine, problems));
            }

            StopSignals.Saves(() => $"the stages that were done are kept in {config.Out}, those under way as far as they had saved");
            await new PipelineRun(config, stages).Run(stop);
            TellRounds(config, [.. stages.Where(stage => stage.Round > 0)]);
            return 0;
        });
        return command;
    }

    // A table a round, on standard output and in the pipeline's folder.
    private static void TellRounds(PipelineConfig config, IReadOnlyList<PipelineStage> repeated)
    {
        string[] told = [.. repeated.Where(stage => stage.Command is "train-teacher" or "eval").Select(stage => stage.Config.Out)];
        if (told.Length == 0)
        {
            return;
        }

        string report = RoundReport.Markdown(told, config.Rounds!.Stages.Where(stage => stage.Command == "eval").ToDictionary(
            stage => stage.Name,
            stage => repeated.Where(one => one.Name == RoundsConfig.NameIn(stage.Name, one.Round)).Select(one => one.Config.Out).ToArray()));
        AtomicFile.WriteText(Path.Combine(config.Out, "rounds.md"), report);
        Console.Write(report);
    }
}
