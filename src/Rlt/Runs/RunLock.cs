using System.Globalization;
using System.Text;
using Rlt.Files;

namespace Rlt.Runs;

/// <summary>A run folder's lock: the operating system's, on an open file, so that the end of the process, however it comes, ends it.</summary>
internal sealed class RunLock : IDisposable
{
    private const int LongestHolder = 300;
    private readonly FileStream _file;

    private RunLock(FileStream file) => _file = file;

    /// <summary>Takes the lock and writes into the file who holds it.</summary>
    /// <param name="path">The lock's file; it is created where absent and stays.</param>
    /// <param name="folder">What is locked, for the message.</param>
    /// <exception cref="ConfigException">Another process holds it; the message names it.</exception>
    public static RunLock Take(string path, string folder)
    {
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, bufferSize: 0);
        }
        catch (IOException error) when (Posix.IsLocked(error))
        {
            throw new ConfigException($"{folder} is in use by another run{Holder(path)}. Wait until that one ends, or choose another --out.", error);
        }

        file.SetLength(0);
        file.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId} {Environment.MachineName}\n")));
        return new RunLock(file);
    }

    /// <summary>Gives the lock back. The file stays: to delete it could take away one that somebody else has just locked.</summary>
    public void Dispose()
    {
        _file.SetLength(0);
        _file.Dispose();
    }

    private static string Holder(string path)
    {
        string[] words = Posix.ReadStart(path, LongestHolder).TrimEnd('\n').Split(' ');
        return words is [var process, var host] && process.Length > 0 && process.All(char.IsAsciiDigit) && host.Length > 0 && !host.Any(char.IsControl)
            ? $", process {process} on host {host}"
            : "";
    }
}
