using System.Runtime.InteropServices;

namespace Rlt.Platform;

/// <summary>Ends processes: this one while other threads compute, without running what libraries do at a process's end; others by asking them.</summary>
public static partial class ProcessEnd
{
    /// <summary>SIGUSR1 of Linux.</summary>
    public const int UserSignal = 10;

    private const int Terminate = 15;

    /// <summary>Ends this process now.</summary>
    public static void Now(int exitCode) => Exit(exitCode);

    /// <summary>Asks another process to end: SIGTERM. One that has ended already is left alone.</summary>
    public static void Ask(int process) => _ = Kill(process, Terminate);

    /// <summary>Asks ranks to save and end: SIGUSR1, which both MPIs' mpirun hand on, where SIGTERM makes Open MPI's kill after a second.</summary>
    public static void AskRanks(int mpirun) => _ = Kill(mpirun, UserSignal);

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void Exit(int status);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
