using System.CommandLine;
using System.CommandLine.Help;
using System.Runtime.InteropServices;
using Rlt.Cli.Commands;
using Rlt.Cli.Commands.Evaluation;
using Rlt.Cli.Commands.Tools;
using Rlt.Cli.Commands.Training;
using Rlt.Cli.Launching;
using Rlt.Distributed;
using Rlt.Files;
using Rlt.Hub;
using Rlt.Platform;

namespace Rlt.Cli;

/// <summary>The entry point of the <c>rlt</c> command.</summary>
internal static class Program
{
    private const int BadInput = 2;
    private const int FailedRun = 3;

    /// <summary>Runs a command.</summary>
    /// <returns>0 done, 2 bad input, 3 failed run, 130 stopped.</returns>
    internal static int Main(string[] args)
    {
        SameCommand.Arguments = args;
        (string[] own, string[] launched) = LaunchCommand.Split(args);
        RootCommand root = BuildRoot();
        ParseResult parsed = root.Parse(own);
        ParseResult? wrong = parsed.Errors.Count > 0 ? parsed : launched.Length > 0 && root.Parse(launched) is { Errors.Count: > 0 } inner ? inner : null;
        if (wrong is not null)
        {
            // Every rank has this command line.
            if (RankLaunch.Find() is not { Rank: > 0 })
            {
                Console.Error.WriteLine($"rlt: {WrongCommandLine.Message(wrong)}");
            }

            return BadInput;
        }

        if (parsed.Action is HelpAction)
        {
            CommandSettings.AddHelp(parsed.CommandResult.Command);
        }

        (Transfer.Shown, Transfer.Said) = (DownloadView.Begin, note => Console.Error.WriteLine($"note: {note}"));
        using var stop = new StopSignals();
        var invocation = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        Command command = parsed.CommandResult.Command;
        return JoinedRanks.Run(
            parsed.Action is not HelpAction && CommandSettings.IsOfSeveralRanks(command.Name) && SharedOptions.ShardOf(parsed) is null,
            command.Name, Guarded, () => parsed.InvokeAsync(invocation, stop.Token).GetAwaiter().GetResult());
    }

    /// <summary>The command line's commands and options.</summary>
    internal static RootCommand BuildRoot()
    {
        var root = new RootCommand("RLT: trains teachers that learn to explain, collects their explanations, and distills students on them.");
        foreach (Command command in new[]
        {
            WarmupCommand.Create(), TrainTeacherCommand.Create(), CollectCommand.Create(), ScoreCommand.Create(),
            RankCommand.Create(), DistillCommand.Create(), TrainSolverCommand.Create(), EvalCommand.Create(), GradeCommand.Create(),
            TokenizeCommand.Create(), LogProbsCommand.Create(), GenerateCommand.Create(), MergeCommand.Create(), ExportTracesCommand.Create(),
            ExportGgufCommand.Create(), DoctorCommand.Create(), PlanCommand.Create(), ConfigCommand.Create(), RunCommand.Create(), ServeCommand.Create(),
            BenchCommand.Create(), ResultsCommand.Create(), StudyCommand.Create(), ReportCommand.Create(), WorldCommand.Create(), InitCommand.Create(),
            DownloadCommand.Create(), LaunchCommand.Create(), MergeShardsCommand.Create(),
        })
        {
            root.Subcommands.Add(command);
        }

        return root;
    }

    private static Outcome Guarded(Func<int> run)
    {
        try
        {
            return new Outcome(run(), null);
        }
        catch (OperationCanceledException)
        {
            return new Outcome(StopSignals.ExitCode, $"stopped; go on with:\n  {SameCommand.Line()}");
        }
        catch (RltException error)
        {
            return new Outcome(error.ExitCode, error.Message);
        }
        catch (IOException error) when (DiskSpace.IsUsedUp(error))
        {
            return new Outcome(
                FailedRun, $"the disk is full: {error.Message}. What was complete before is as it was; free some space and go on with:\n  {SameCommand.Line()}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new Outcome(error is FileNotFoundException or DirectoryNotFoundException ? BadInput : FailedRun, error.Message);
        }
        catch (Exception error) when (Libtorch(error) is { } message)
        {
            return new Outcome(FailedRun, message);
        }
    }

    // A missing libtorch surfaces from a static constructor.
    private static string? Libtorch(Exception error) => error switch
    {
        ExternalException external => TorchLibrary.Cause(external),
        DllNotFoundException missing => missing.Message,
        TypeInitializationException { InnerException: { } inner } => Libtorch(inner),
        _ => null,
    };
}
