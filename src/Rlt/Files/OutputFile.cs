namespace Rlt.Files;

/// <summary>Opens the files that runs write.</summary>
internal static class OutputFile
{
    private const int BufferBytes = 64 * 1024;

    /// <summary>Stands between a file and its writer, so that a disk can fail at any byte on purpose; null: nothing does.</summary>
    public static Func<FileStream, Stream>? Between { get; set; }

    /// <summary>Opens a file to write.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mode">What happens to an earlier one.</param>
    /// <param name="share">What others may do with it meanwhile.</param>
    /// <returns>The file, and the stream to write to.</returns>
    public static (FileStream File, Stream Stream) Open(string path, FileMode mode, FileShare share)
    {
        var file = new FileStream(path, mode, FileAccess.Write, share, BufferBytes);
        return (file, Between?.Invoke(file) ?? file);
    }
}
