using System.Security.Cryptography;
using System.Text;
using Rlt.Hub;

namespace Rlt.Runs;

/// <summary>SHA-256 of what a run reads, by which it is seen whether it is still the same.</summary>
public static class Fingerprint
{
    private const int PartBytes = 1 << 20;
    private const string Weights = "*.safetensors";

    /// <summary>
    /// Of a file all of it, of a model's directory as <see cref="OfModel"/>, of one in the Hub's cache its id and commit; null of what is none of these,
    /// such as a pipe or a folder of data.
    /// </summary>
    public static string? Of(string path)
    {
        try
        {
            if (HubPath.IdOf(path) is { } id)
            {
                return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id.ToString())));
            }

            if (Directory.Exists(path))
            {
                return File.Exists(Path.Combine(path, "config.json")) || Directory.EnumerateFiles(path, Weights).Any() ? OfModel(path) : null;
            }

            // A pipe has no length, and would be empty after it was read.
            if (WholeFile.Length(path) == 0)
            {
                return null;
            }

            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: PartBytes, FileOptions.SequentialScan);
            return Convert.ToHexStringLower(SHA256.HashData(file));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // What cannot be read is told of where it is needed.
            return null;
        }
    }

    /// <summary>
    /// SHA-256 of what tells models apart without reading all of them: config.json, and of each file of weights its name, length, first and last MiB.
    /// </summary>
    public static string OfModel(string directory)
    {
        HubPath.RequireWeights(directory);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        string[] weights = [.. Directory.EnumerateFiles(directory, Weights).Order(StringComparer.Ordinal)];
        foreach (string path in weights.Prepend(Path.Combine(directory, "config.json")).Where(File.Exists))
        {
            using FileStream file = File.OpenRead(path);
            hash.AppendData(Encoding.UTF8.GetBytes($"{Path.GetFileName(path)} {file.Length}\n"));
            byte[] part = new byte[(int)Math.Min(file.Length, PartBytes)];
            file.ReadExactly(part);
            hash.AppendData(part);
            file.Seek(-part.Length, SeekOrigin.End);
            file.ReadExactly(part);
            hash.AppendData(part);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
