using System.Runtime.InteropServices;

namespace Rlt.Platform;

/// <summary>Ends the process while other threads compute, without running what libraries do at a process's end.</summary>
public static partial class ProcessEnd
{
    /// <summary>Ends it now.</summary>
    public static void Now(int exitCode) => Exit(exitCode);

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void Exit(int status);
}
