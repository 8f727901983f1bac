using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rlt.Files;

namespace Rlt.Data;

/// <summary>Reads and writes JSONL: one JSON object a line, UTF-8.</summary>
/// <remarks>
/// Lines end at "\n" only, since texts may hold other separators of Unicode; a "\r" before it is passed over, and so are blank lines. Numbers
/// are written back as they were read. Characters beyond U+FFFF are written as escapes, others as they are.
/// </remarks>
public static class JsonLines
{
    private const int FirstBufferBytes = 64 * 1024;

    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>How JSON is written: compact, texts readable rather than escaped.</summary>
    internal static JsonSerializerOptions Format { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads the rows one after another; the file is open while they are enumerated.</summary>
    /// <exception cref="DataException">The file cannot be read, or a line is not one strict JSON object; the message has the line.</exception>
    public static IEnumerable<JsonRow> Read(string path) => ReadEach(path).Select(read => read.Usable);

    /// <summary>Reads the rows one after another, bad lines as problems.</summary>
    /// <exception cref="DataException">The file cannot be read.</exception>
    internal static IEnumerable<ReadRow> ReadEach(string path)
    {
        using FileStream stream = Open(path);
        byte[] buffer = new byte[FirstBufferBytes];
        int filled = 0, line = 0;
        bool atEnd = false;
        while (!atEnd)
        {
            if (filled == buffer.Length)
            {
                Array.Resize(ref buffer, checked(buffer.Length * 2));
            }

            int read = Fill(path, stream, buffer, filled);
            atEnd = read == 0;
            int searched = filled, begin = 0;
            filled += read;
            while (LineEnd(buffer, searched, filled, atEnd && begin < filled) is int end and >= 0)
            {
                line++;
                if (Row(path, line, buffer.AsSpan(begin, end - begin)) is { } row)
                {
                    yield return row;
                }

                begin = searched = Math.Min(end + 1, filled);
            }

            buffer.AsSpan(begin, filled - begin).CopyTo(buffer);
            filled -= begin;
        }
    }

    /// <summary>Writes rows in order, whole or not at all; rows are taken and written one by one.</summary>
    public static void Write(string path, IEnumerable<JsonObject> rows) => AtomicFile.Write(path, stream => Write(stream, rows));

    /// <summary>Writes rows in order to a stream.</summary>
    public static void Write(Stream stream, IEnumerable<JsonObject> rows)
    {
        var buffer = new ArrayBufferWriter<byte>(FirstBufferBytes);
        using var json = new Utf8JsonWriter(buffer, Compact);
        foreach (JsonObject row in rows)
        {
            row.WriteTo(json);
            json.Flush();
            buffer.Write("\n"u8);
            stream.Write(buffer.WrittenSpan);
            buffer.ResetWrittenCount();
            json.Reset();
        }
    }

    /// <summary>One row as the line that <see cref="Write(string, IEnumerable{JsonObject})"/> writes, without its end.</summary>
    public static string Line(JsonObject row) => row.ToJsonString(Format);

    private static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: cannot be read: {error.Message}", error);
        }
    }

    private static int Fill(string path, FileStream stream, byte[] buffer, int filled)
    {
        try
        {
            return stream.Read(buffer.AsSpan(filled));
        }
        catch (IOException error)
        {
            throw new DataException($"{path}: cannot be read: {error.Message}", error);
        }
    }

    // The place of the next line's end; the file's end counts as one where something is left before it.
    private static int LineEnd(byte[] buffer, int searched, int filled, bool endsHere)
    {
        int offset = buffer.AsSpan(searched, filled - searched).IndexOf((byte)'\n');
        return offset >= 0 ? searched + offset : endsHere ? filled : -1;
    }

    private static ReadRow? Row(string path, int line, ReadOnlySpan<byte> text)
    {
        text = line == 1 && text.StartsWith("\ufeff"u8) ? text[3..] : text;
        text = text.Trim(" \t\r"u8);
        return text.IsEmpty ? null : ReadRow.FromJson(path, line, text, "line", "one JSON object a line");
    }
}
