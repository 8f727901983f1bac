using System.CommandLine;
using Rlt.Files;
using Rlt.Reports;

namespace Rlt.Cli.Commands.Evaluation;

/// <summary><c>rlt report</c>: one HTML page of runs.</summary>
internal static class ReportCommand
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    public static Command Create()
    {
        var command = new Command("report", "One HTML page of runs: curves over steps, reward against length, and explanations with each token's worth.");
        var runs = new Argument<string[]>("runs")
        {
            Description = "run directories, folders of runs, or files of scored explanations; or NAME=PATH", Arity = ArgumentArity.OneOrMore,
        };
        var output = new Option<string>("--output", "-o") { Description = "the HTML file to write", DefaultValueFactory = _ => "report.html" };
        var watch = new Option<bool>("--watch")
        {
            Description = "write the page again every 15 seconds, until the runs are finished or this command is stopped; an open page follows",
        };
        command.Arguments.Add(runs);
        command.Takes(output, watch);
        command.SetAction(async (parsed, stop) =>
        {
            string[] paths = [.. RunFolders.Expand(parsed.GetValue(runs)!)];
            string file = parsed.GetValue(output)!;
            bool watching = parsed.GetValue(watch);
            ReportRun[] read = [.. paths.Select(ReportRun.Read)];
            while (watching && !read.All(run => run.IsFinished) && !stop.IsCancellationRequested)
            {
                AtomicFile.WriteText(file, ReportPage.Html(read, (int)Interval.TotalSeconds));
                await Task.Delay(Interval, stop).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
                read = [.. paths.Select(ReportRun.Read)];
            }

            AtomicFile.WriteText(file, ReportPage.Html(read, refreshSeconds: 0));
            Console.Error.WriteLine($"rlt: {file}");
            return 0;
        });
        return command;
    }
}
