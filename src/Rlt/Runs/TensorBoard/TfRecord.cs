using System.Buffers.Binary;

namespace Rlt.Runs.TensorBoard;

/// <summary>TFRecord framing: each record is its length (8 bytes), the length's checksum (4), the content, the content's checksum (4); little-endian.</summary>
public static class TfRecord
{
    private const int HeaderBytes = 12;
    private const int FooterBytes = 4;

    /// <summary>The content, framed.</summary>
    public static byte[] Frame(ReadOnlySpan<byte> content)
    {
        byte[] record = new byte[HeaderBytes + content.Length + FooterBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(record, (ulong)content.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), Crc32C.Masked(record.AsSpan(0, 8)));
        content.CopyTo(record.AsSpan(HeaderBytes));
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(HeaderBytes + content.Length), Crc32C.Masked(content));
        return record;
    }

    /// <summary>The records of a file up to the first that is incomplete or damaged: where each ends, and its content.</summary>
    public static IEnumerable<(int End, ReadOnlyMemory<byte> Content)> Read(ReadOnlyMemory<byte> file)
    {
        int start = 0;
        while (Content(file[start..]) is { } content)
        {
            start += HeaderBytes + content.Length + FooterBytes;
            yield return (start, content);
        }
    }

    private static ReadOnlyMemory<byte>? Content(ReadOnlyMemory<byte> rest)
    {
        if (rest.Length < HeaderBytes + FooterBytes || !Matches(rest.Span[..8], rest.Span[8..]))
        {
            return null;
        }

        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(rest.Span);
        if (length > (ulong)(rest.Length - HeaderBytes - FooterBytes))
        {
            return null;
        }

        ReadOnlyMemory<byte> content = rest.Slice(HeaderBytes, (int)length);
        if (!Matches(content.Span, rest.Span[(HeaderBytes + content.Length)..]))
        {
            return null;
        }

        return content;
    }

    private static bool Matches(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> checksum) =>
        BinaryPrimitives.ReadUInt32LittleEndian(checksum) == Crc32C.Masked(bytes);
}
