namespace Rlt.Files;

/// <summary>Of the processes that make one run, one writes its files. The others do the same work, and what they write goes nowhere.</summary>
public static class WritingProcess
{
    /// <summary>Whether this process writes.</summary>
    public static bool IsThis { get; set; } = true;

    /// <summary>Lets this process write, whichever it is, until the result is disposed: a file that is its alone.</summary>
    public static IDisposable Own()
    {
        var before = new Before(IsThis);
        IsThis = true;
        return before;
    }

    private sealed class Before(bool isThis) : IDisposable
    {
        public void Dispose() => IsThis = isThis;
    }
}

/// <summary>A file to write that keeps nothing but the count of its bytes.</summary>
internal sealed class UnwrittenFile : Stream
{
    private long _length;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => _length;

    public override long Position
    {
        get => _length;
        set => throw new NotSupportedException();
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => _length += count;

    public override void Write(ReadOnlySpan<byte> buffer) => _length += buffer.Length;
}
