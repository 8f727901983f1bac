using System.Runtime.ExceptionServices;
using System.Security.Cryptography;

namespace Rlt.Files;

/// <summary>The SHA-256 of each file of a directory in a file <c>SHA256SUMS</c>, which <c>sha256sum -c</c> reads too.</summary>
public static class Checksums
{
    /// <summary>The list's name.</summary>
    public const string FileName = "SHA256SUMS";

    private const int HexDigits = 2 * SHA256.HashSizeInBytes;
    private const int LongestList = 1 << 20;

    /// <summary>Lists the files that a directory has.</summary>
    public static void Write(string directory)
    {
        string[] paths = [.. Directory.EnumerateFiles(directory).Order(StringComparer.Ordinal)];
        string[] sums = Sums(paths);
        AtomicFile.WriteText(Path.Combine(directory, FileName), string.Concat(paths.Select((path, i) => $"{sums[i]}  {Path.GetFileName(path)}\n")));
    }

    /// <summary>What is wrong with a directory that has such a list, for the end of a sentence; null where every file is as it was.</summary>
    public static string? Problem(string directory)
    {
        try
        {
            if (Read(Path.Combine(directory, FileName)) is not { } listed)
            {
                return $"its {FileName} is missing or damaged";
            }

            string[] paths = [.. listed.Select(file => Path.Combine(directory, file.Name))];
            if (Array.Find(paths, path => !File.Exists(path)) is { } missing)
            {
                return $"its {Path.GetFileName(missing)} is missing";
            }

            string[] sums = Sums(paths);
            int other = Enumerable.Range(0, sums.Length).FirstOrDefault(i => sums[i] != listed[i].Sum, -1);
            return other < 0 ? null : $"its {listed[other].Name} is not what was saved (its SHA-256 differs)";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return $"it cannot be read: {error.Message}";
        }
    }

    // Large checkpoints are of many gigabytes: one thread a file.
    private static string[] Sums(string[] paths)
    {
        try
        {
            return [.. paths.AsParallel().AsOrdered().Select(Sum)];
        }
        catch (AggregateException error) when (error.InnerException is { } first)
        {
            ExceptionDispatchInfo.Throw(first);
            throw;
        }
    }

    private static string Sum(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 20, FileOptions.SequentialScan);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    private static (string Name, string Sum)[]? Read(string path)
    {
        var list = new FileInfo(path);
        if (!list.Exists || list.Length is 0 or > LongestList)
        {
            return null;
        }

        string text = File.ReadAllText(path);
        string[] lines = text.Split('\n');
        return lines[^1].Length == 0 && lines[..^1].All(IsEntry) ? [.. lines[..^1].Select(line => (line[(HexDigits + 2)..], line[..HexDigits]))] : null;
    }

    private static bool IsEntry(string line) =>
        line.Length > HexDigits + 2
        && line[..HexDigits].All(char.IsAsciiHexDigitLower)
        && line.AsSpan(HexDigits, 2) is "  "
        && Path.GetFileName(line[(HexDigits + 2)..]) == line[(HexDigits + 2)..];
}
