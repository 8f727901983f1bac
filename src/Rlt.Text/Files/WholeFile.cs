using System.Text;

namespace Rlt.Text.Files;

/// <summary>
/// Reads the small files of directories that others made. Pipes and devices, which never end, count as empty; a file too long for its kind is
/// refused.
/// </summary>
public static class WholeFile
{
    /// <summary>Above any published tokenizer, index or config.</summary>
    public const long DefaultMost = 256L << 20;

    /// <summary>A file's bytes.</summary>
    /// <exception cref="IOException">The file cannot be read or is longer than <paramref name="most"/>.</exception>
    public static byte[] Bytes(string path, long most = DefaultMost)
    {
        long length = Length(path);
        if (length > most)
        {
            throw new IOException($"the file has {length} bytes; expected at most {most}");
        }

        var bytes = new byte[length];
        if (length > 0)
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            stream.ReadExactly(bytes);
        }

        return bytes;
    }

    /// <summary>The text of a UTF-8 file's bytes, without a byte order mark; what is not UTF-8 becomes U+FFFD.</summary>
    public static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes.StartsWith("\ufeff"u8) ? bytes[3..] : bytes);

    /// <summary>A file's length, told without opening it: that alone would wait for a pipe's other end.</summary>
    /// <exception cref="IOException">There is no such file.</exception>
    public static long Length(string path)
    {
        var file = new FileInfo(path);
        return file.LinkTarget is null ? file.Length : ((FileInfo)file.ResolveLinkTarget(returnFinalTarget: true)!).Length;
    }
}
