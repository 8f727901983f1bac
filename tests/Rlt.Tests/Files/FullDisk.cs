using Rlt.Files;

namespace Rlt.Tests.Files;

/// <summary>A disk with room for so many bytes more; the write beyond fails as the operating system's does.</summary>
internal sealed class FullDisk : IDisposable
{
    private long _room;

    public FullDisk(long room)
    {
        _room = room;
        OutputFile.Between = file => new Counted(this, file);
    }

    /// <summary>The bytes still free.</summary>
    public long Room => _room;

    public void Dispose() => OutputFile.Between = null;

    private sealed class Counted(FullDisk disk, FileStream file) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => file.Length;

        public override long Position { get => file.Position; set => throw new NotSupportedException(); }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            int fits = (int)Math.Min(buffer.Length, disk._room);
            file.Write(buffer[..fits]);
            disk._room -= fits;
            if (fits < buffer.Length)
            {
                file.Flush();
                throw new IOException($"No space left on device : '{file.Name}'", hresult: 28);
            }
        }

        public override void Flush() => file.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
