using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;

namespace Rlt.Models.Safetensors;

/// <summary>A safetensors file, checked whole when opened and then read from a read-only memory map.</summary>
/// <remarks>Nothing but the header is read at opening. The file must not be shortened while it is open.</remarks>
public sealed unsafe class SafetensorsFile : IDisposable
{
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly long _length;
    private readonly byte* _start;
    private bool _disposed;

    private SafetensorsFile(string path, FileStream stream, Dictionary<string, TensorEntry> entries, Dictionary<string, string> metadata)
    {
        Path = path;
        Entries = entries;
        Metadata = metadata;
        _length = stream.Length;
        _map = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        try
        {
            _view = _map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        }
        catch
        {
            _map.Dispose();
            throw;
        }

        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _start = start + _view.PointerOffset;
    }

    /// <summary>The path the file was opened by.</summary>
    public string Path { get; }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, TensorEntry> Entries { get; }

    /// <summary>The texts about the file; empty where it has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens and checks a file.</summary>
    /// <exception cref="CheckpointException">The file cannot be read, or its header does not describe its data exactly.</exception>
    public static SafetensorsFile Open(string path)
    {
        FileStream? stream = null;
        try
        {
            RefuseShort(path, WholeFile.Length(path));
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            long headerLength = ReadHeaderLength(path, stream);
            var json = new byte[headerLength];
            stream.ReadExactly(json);
            long dataStart = SafetensorsHeader.PrefixBytes + headerLength;
            var (entries, metadata) = SafetensorsHeader.Parse(path, json, dataStart, stream.Length - dataStart);
            var file = new SafetensorsFile(path, stream, entries, metadata);
            stream = null;
            return file;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be read: {error.Message}", error);
        }
        finally
        {
            stream?.Dispose();
        }
    }

    /// <summary>The first byte of a tensor, valid until this file is disposed.</summary>
    /// <remarks>The address need not be a multiple of the element size: older files have unpadded headers.</remarks>
    public byte* Pointer(TensorEntry entry)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return entry.Offset >= 0 && entry.Length >= 0 && entry.Length <= _length - entry.Offset
            ? _start + entry.Offset
            : throw new ArgumentException($"'{entry.Name}' is not a tensor of {Path}", nameof(entry));
    }

    /// <summary>The bytes of a tensor of less than 2 GiB, valid until this file is disposed.</summary>
    public ReadOnlySpan<byte> Bytes(TensorEntry entry) => new(Pointer(entry), checked((int)entry.Length));

    /// <summary>Unmaps the file; pointers into it end here.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _map.Dispose();
    }

    // Told before the file is opened, which for a pipe would wait for its other end.
    private static void RefuseShort(string path, long length)
    {
        if (length < SafetensorsHeader.PrefixBytes)
        {
            throw new CheckpointException(
                $"{path}: the file has {length} bytes; expected at least the {SafetensorsHeader.PrefixBytes} of a safetensors header's length. Fetch it again.");
        }
    }

    private static long ReadHeaderLength(string path, FileStream stream)
    {
        Span<byte> prefix = stackalloc byte[SafetensorsHeader.PrefixBytes];
        stream.ReadExactly(prefix);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        ulong available = (ulong)Math.Min(stream.Length - SafetensorsHeader.PrefixBytes, SafetensorsHeader.MaxBytes);
        return length <= available
            ? (long)length
            : throw new CheckpointException(
                $"{path}: the header's length is {length} bytes; expected at most {available} (the file has {stream.Length}). The file is no safetensors file or was not fetched whole.");
    }
}
