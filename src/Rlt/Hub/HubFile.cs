using System.Security.Cryptography;
using System.Text;

namespace Rlt.Hub;

/// <summary>A file of a repository at a commit.</summary>
/// <param name="Name">Its path in the repository.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="Hash">What its blob in the cache is named by: the SHA-256 of a large file, else the SHA-1 that git has of it; the Hub's etag of it.</param>
internal sealed record HubFile(string Name, long Size, string Hash)
{
    private const int Sha1Digits = 2 * SHA1.HashSizeInBytes;
    private const int Sha256Digits = 2 * SHA256.HashSizeInBytes;

    /// <summary>Can the names be those of files in the cache: no way leads out of it.</summary>
    public bool IsSafe => Hash.Length is Sha1Digits or Sha256Digits && Hash.All(char.IsAsciiHexDigitLower)
        && !Name.Contains('\\', StringComparison.Ordinal) && !Name.Contains('\0', StringComparison.Ordinal)
        && Name.Split('/').All(part => part is not ("" or "." or ".."));

    /// <summary>The hash of a file's content, of the kind that <see cref="Hash"/> is.</summary>
    public string HashOf(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 1 << 20, FileOptions.SequentialScan);
        return Convert.ToHexStringLower(Hash.Length == Sha256Digits ? SHA256.HashData(file) : GitHash(file));
    }

#pragma warning disable CA5350 // Git names its blobs by SHA-1.
    private static byte[] GitHash(FileStream file)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        hash.AppendData(Encoding.ASCII.GetBytes(FormattableString.Invariant($"blob {file.Length}\0")));
        byte[] buffer = new byte[1 << 16];
        while (file.Read(buffer) is > 0 and var read)
        {
            hash.AppendData(buffer.AsSpan(0, read));
        }

        return hash.GetHashAndReset();
    }
#pragma warning restore CA5350
}
