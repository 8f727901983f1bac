using System.CommandLine;
using Rlt.Cli.Launching;

namespace Rlt.Cli.Commands.Tools;

/// <summary><c>rlt launch</c>: a command on several ranks of this machine, by mpirun.</summary>
internal static class LaunchCommand
{
    /// <summary>Tells the ranks how they were launched, for the line that runs the command once more.</summary>
    public const string OptionsVariable = "RLT_LAUNCH_OPTIONS";

    private const string Name = "launch";
    private static string[] _launched = [];

    /// <summary>Splits a command line into launch's own words and the command that it launches; that is empty for other commands.</summary>
    public static (string[] Own, string[] Launched) Split(string[] arguments)
    {
        if (arguments is not [Name, ..])
        {
            return (arguments, []);
        }

        int end = 1;
        while (end < arguments.Length && arguments[end].StartsWith('-'))
        {
            end += arguments[end].Contains('=', StringComparison.Ordinal) || arguments[end] is "--help" or "-h" or "-?" ? 1 : 2;
        }

        end = Math.Min(end, arguments.Length);
        _launched = arguments[end..];
        return (arguments[..end], _launched);
    }

    public static Command Create()
    {
        var command = new Command(Name, "Runs a command on several ranks of this machine, each with its share of the cores or its own GPU: "
            + "rlt launch -n 8 train-teacher --config FILE. Calls mpirun (Open MPI or MPICH) as that MPI needs it; the exit code is the run's. "
            + "On several machines, and under Slurm, start rlt by mpirun or srun.");
        var ranks = new Option<int>("-n") { Description = "ranks: processes", Required = true };
        var mpirun = new Option<string>("--mpirun") { Description = "the mpirun to call", DefaultValueFactory = _ => "mpirun" };
        command.Takes(ranks, mpirun);
        command.SetAction((parsed, stop) =>
        {
            if (_launched is not [var name, ..] || !CommandSettings.IsOfSeveralRanks(name))
            {
                throw new ConfigException("launch: "
                    + (_launched is [var other, ..] ? $"'{other}' is no command that several ranks run together; " : "no command is given; ")
                    + "expected warmup, train-teacher, collect, distill, train-solver or eval, after launch's options: rlt launch -n 8 train-teacher …");
            }

            int count = parsed.GetValue(ranks);
            return count >= 1 ? MpirunProcess.Run(parsed.GetValue(mpirun)!, count, _launched, stop)
                : throw new ConfigException($"launch: -n is {count}; expected 1 or more.");
        });
        return command;
    }
}
