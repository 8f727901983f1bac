namespace Rlt.Files;

/// <summary>
/// A file that appears whole or not at all: written beside its place as <c>NAME.partial</c>, flushed to the disk, renamed on
/// <see cref="Commit"/>, and the rename flushed too.
/// </summary>
/// <remarks>
/// The partial file's name is fixed, so what a killed process left is overwritten by the next attempt. One writer per file at a time: a
/// second one fails to open the partial file.
/// </remarks>
public sealed class AtomicFile : IDisposable
{
    private readonly string _path;
    private readonly string _partialPath;
    private readonly FileStream? _file;
    private bool _closed;

    /// <summary>Begins the file; its folder is created where it is absent.</summary>
    /// <exception cref="IOException">The folder or the partial file cannot be written.</exception>
    public AtomicFile(string path)
    {
        _path = Path.GetFullPath(path);
        _partialPath = _path + ".partial";
        if (!WritingProcess.IsThis)
        {
            Stream = new UnwrittenFile();
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        (_file, Stream) = OutputFile.Open(_partialPath, FileMode.Create, FileShare.None);
    }

    /// <summary>Where the content goes.</summary>
    public Stream Stream { get; }

    /// <summary>Flushes the content to the disk and puts the file in its place, replacing an earlier one.</summary>
    public void Commit()
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        if (_file is null)
        {
            return;
        }

        Stream.Flush();
        _file.Flush(flushToDisk: true);
        _file.Dispose();
        File.Move(_partialPath, _path, overwrite: true);
        _closed = true;
        Posix.FlushDirectory(Path.GetDirectoryName(_path)!);
    }

    /// <summary>Drops the content if it was not committed.</summary>
    public void Dispose()
    {
        if (_closed || _file is null)
        {
            return;
        }

        _closed = true;
        try
        {
            _file.Dispose();
        }
        catch (IOException)
        {
            // What could not be written is dropped with the rest; the write itself has told of it.
        }
        finally
        {
            File.Delete(_partialPath);
        }
    }

    /// <summary>Writes a whole file by a callback; when it throws, the earlier file stays.</summary>
    public static void Write(string path, Action<Stream> write)
    {
        using var file = new AtomicFile(path);
        write(file.Stream);
        file.Commit();
    }

    /// <summary>Writes a whole file of bytes.</summary>
    public static void WriteBytes(string path, ReadOnlySpan<byte> content)
    {
        using var file = new AtomicFile(path);
        file.Stream.Write(content);
        file.Commit();
    }

    /// <summary>Writes a whole UTF-8 text file, without a byte order mark.</summary>
    public static void WriteText(string path, string text) => WriteBytes(path, System.Text.Encoding.UTF8.GetBytes(text));
}
