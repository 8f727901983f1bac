namespace Rlt.Data;

/// <summary>Reads the rows of a data file: JSONL, JSON or CSV, by its extension.</summary>
public static class RowFile
{
    /// <summary>Reads the rows one after another.</summary>
    /// <exception cref="DataException">The file cannot be read, or a row of it; the message has the line.</exception>
    public static IEnumerable<JsonRow> Read(string path) => ReadEach(path).Select(read => read.Usable);

    /// <summary>Reads the rows one after another, bad ones as problems.</summary>
    /// <exception cref="DataException">The file as a whole cannot be read.</exception>
    internal static IEnumerable<ReadRow> ReadEach(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".jsonl" or ".ndjson" or "" => JsonLines.ReadEach(path),
        ".json" => JsonFile.ReadEach(path),
        ".csv" => CsvFile.ReadEach(path),
        var other => throw new DataException(
            $"{path}: files that end in '{other}' are not read; expected .jsonl (one object a line), .json (a list of objects) or .csv."),
    };

    /// <summary>A whole file, without a byte order mark.</summary>
    internal static ReadOnlyMemory<byte> Bytes(string path)
    {
        try
        {
            byte[] bytes = File.ReadAllBytes(path);
            return bytes.AsSpan().StartsWith("\ufeff"u8) ? bytes.AsMemory(3) : bytes;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: cannot be read: {error.Message}", error);
        }
    }
}
