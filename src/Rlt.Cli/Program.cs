using System.CommandLine;
using System.CommandLine.Help;
using System.Runtime.InteropServices;
using Rlt.Cli.Commands;
using Rlt.Cli.Commands.Evaluation;
using Rlt.Cli.Commands.Tools;
using Rlt.Cli.Commands.Training;
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
        RootCommand root = BuildRoot();
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            Console.Error.WriteLine($"rlt: {WrongCommandLine.Message(parsed)}");
            return BadInput;
        }

        if (parsed.Action is HelpAction)
        {
            CommandSettings.AddHelp(parsed.CommandResult.Command);
        }

        (Transfer.Shown, Transfer.Said) = (DownloadView.Begin, note => Console.Error.WriteLine($"note: {note}"));
        using var stop = new StopSignals();
        var invocation = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        return Guarded(() => parsed.InvokeAsync(invocation, stop.Token).GetAwaiter().GetResult());
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
            DownloadCommand.Create(),
        })
        {
            root.Subcommands.Add(command);
        }

        return root;
    }

    private static int Guarded(Func<int> run)
    {
        try
        {
            return run();
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine($"rlt: stopped; go on with:\n  {SameCommand.Line()}");
            return StopSignals.ExitCode;
        }
        catch (RltException error)
        {
            Console.Error.WriteLine($"rlt: {error.Message}");
            return error.ExitCode;
        }
        catch (IOException error) when (DiskSpace.IsUsedUp(error))
        {
            Console.Error.WriteLine(
                $"rlt: the disk is full: {error.Message}. What was complete before is as it was; free some space and go on with:\n  {SameCommand.Line()}");
            return FailedRun;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"rlt: {error.Message}");
            return error is FileNotFoundException or DirectoryNotFoundException ? BadInput : FailedRun;
        }
        catch (Exception error) when (Libtorch(error) is { } message)
        {
            Console.Error.WriteLine($"rlt: {message}");
            return FailedRun;
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
