using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Rlt.Cli.Commands.Tools;
using Rlt.Platform;

namespace Rlt.Cli.Launching;

/// <summary>An mpirun that runs this program on several ranks of this machine.</summary>
internal static class MpirunProcess
{
    private const string Stopping = "the ranks stop after this step; once more to stop at once";
    private const int FailedRun = 3;

    /// <summary>Runs a command on ranks, has them save and end where it is asked to stop, and waits for them.</summary>
    /// <param name="mpirun">The program.</param>
    /// <param name="ranks">Their number.</param>
    /// <param name="command">The command's words.</param>
    /// <param name="stop">Has them stop.</param>
    /// <returns>The run's exit code, as rank 0 or the one that failed has left it.</returns>
    /// <exception cref="ConfigException">There is no such mpirun.</exception>
    public static async Task<int> Run(string mpirun, int ranks, string[] command, CancellationToken stop)
    {
        string result = Path.Combine(Path.GetTempPath(), $"rlt-launch-{Environment.ProcessId}-{Path.GetRandomFileName()}");
        string[] line = [.. Options(await Version(mpirun)), "-n", $"{ranks}", .. SameCommand.Process, .. command];
        try
        {
            // In a session of its own Ctrl-C does not reach it, and the ranks are asked as below.
            using var process = new Process { StartInfo = new ProcessStartInfo("setsid", [mpirun, .. line]) };
            foreach ((string name, string value) in new[]
            {
                ("OMPI_ALLOW_RUN_AS_ROOT", "1"), ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"), ("TERM", "dumb"), (JoinedRanks.ResultVariable, result),
                (LaunchCommand.OptionsVariable, $"launch -n {ranks}{(mpirun == "mpirun" ? "" : $" --mpirun {mpirun}")}"),
            })
            {
                process.StartInfo.Environment[name] = value;
            }

            process.Start();
            StopSignals.Saves(
                () =>
                {
                    ProcessEnd.Ask(process.Id);
                    return "the same command goes on after what is saved";
                },
                Stopping);
            using (stop.Register(() => ProcessEnd.AskRanks(process.Id)))
            {
                await process.WaitForExitAsync(CancellationToken.None);
            }

            return File.Exists(result) ? int.Parse(File.ReadAllText(result), CultureInfo.InvariantCulture) : Lost(process.ExitCode);
        }
        finally
        {
            File.Delete(result);
        }
    }

    private static int Lost(int exit)
    {
        Console.Error.WriteLine($"rlt: a rank was killed or lost before it could say why (mpirun ended with {exit}); "
            + $"go on with:\n  {SameCommand.Line()}");
        return FailedRun;
    }

    // Ranks are not bound to a core each, which would leave them one thread, and may be more than there are cores.
    private static string[] Options(string version) =>
        version.Contains("Open MPI", StringComparison.OrdinalIgnoreCase) || version.Contains("OpenRTE", StringComparison.OrdinalIgnoreCase)
            ? ["--bind-to", "none", "--map-by", "slot:OVERSUBSCRIBE"] : [];

    private static async Task<string> Version(string mpirun)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(mpirun, ["--version"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            return await process.StandardOutput.ReadToEndAsync() + await errors;
        }
        catch (Win32Exception error)
        {
            throw new ConfigException($"launch: '{mpirun}' cannot be run ({error.Message}); it comes with an MPI. "
                + "Install one (Debian, Ubuntu: apt-get install openmpi-bin, or mpich), or name another by --mpirun.", error);
        }
    }
}
