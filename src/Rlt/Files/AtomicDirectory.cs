namespace Rlt.Files;

/// <summary>Directories that appear whole or not at all, and go in one piece.</summary>
public static class AtomicDirectory
{
    /// <summary>What the name of a directory that is being written ends with.</summary>
    private const string Partial = ".partial";

    /// <summary>What the name of a directory that is being deleted ends with.</summary>
    private const string Removed = ".removed";

    /// <summary>Writes a directory beside its place, flushes every file of it to the disk, and renames it; an earlier one is replaced.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="write">Writes its files into the directory it is given; when it throws, nothing is left.</param>
    public static void Write(string path, Action<string> write)
    {
        if (!WritingProcess.IsThis)
        {
            WriteNowhere(write);
            return;
        }

        string partial = path + Partial;
        Delete(partial);
        try
        {
            Directory.CreateDirectory(partial);
            write(partial);
            Flush(partial);
        }
        catch
        {
            Delete(partial);
            throw;
        }

        Remove(path);
        Directory.Move(partial, path);
        Posix.FlushDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>Deletes a directory; whenever that is interrupted, no half of it stays under its name.</summary>
    public static void Remove(string path)
    {
        if (WritingProcess.IsThis && Directory.Exists(path))
        {
            Delete(path + Removed);
            Directory.Move(path, path + Removed);
            Delete(path + Removed);
        }
    }

    /// <summary>Deletes what interrupted writes and deletions left in a folder.</summary>
    public static void RemoveLeftovers(string folder)
    {
        if (!WritingProcess.IsThis)
        {
            return;
        }

        foreach (string path in Directory.EnumerateDirectories(folder)
            .Where(path => path.EndsWith(Partial, StringComparison.Ordinal) || path.EndsWith(Removed, StringComparison.Ordinal)).ToArray())
        {
            Delete(path);
        }
    }

    private static void WriteNowhere(Action<string> write)
    {
        DirectoryInfo scratch = Directory.CreateTempSubdirectory("rlt-");
        try
        {
            write(scratch.FullName);
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
    }

    private static void Flush(string directory)
    {
        foreach (string path in Directory.EnumerateFiles(directory))
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.None, bufferSize: 0);
            file.Flush(flushToDisk: true);
        }

        Posix.FlushDirectory(directory);
    }

    private static void Delete(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }
}
