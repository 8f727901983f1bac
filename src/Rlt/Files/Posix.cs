using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Rlt.Files;

/// <summary>What .NET's file classes cannot do: open a directory to flush it, and read a file that is locked.</summary>
internal static partial class Posix
{
    private const int ReadOnly = 0;

    // errno of Linux and of macOS.
    private const int LinuxWouldBlock = 11, MacWouldBlock = 35;

    /// <summary>Whether a file could not be opened because another process has it locked.</summary>
    public static bool IsLocked(IOException error) => error.HResult is LinuxWouldBlock or MacWouldBlock;

    /// <summary>Makes names in a directory last: a rename is on the disk when its directory is.</summary>
    /// <exception cref="IOException">The directory cannot be opened or written.</exception>
    public static void FlushDirectory(string path)
    {
        using SafeFileHandle directory = Open(path);
        RandomAccess.FlushToDisk(directory);
    }

    /// <summary>The first bytes of a file as text, whoever has it locked.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static string ReadStart(string path, int atMost)
    {
        using var stream = new FileStream(Open(path), FileAccess.Read, bufferSize: 0);
        var bytes = new byte[atMost];
        return System.Text.Encoding.UTF8.GetString(bytes, 0, stream.ReadAtLeast(bytes, atMost, throwOnEndOfStream: false));
    }

    private static SafeFileHandle Open(string path)
    {
        int descriptor = Open(path, ReadOnly);
        return descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new IOException($"{Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())} : '{path}'", Marshal.GetLastPInvokeError());
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);
}
