namespace Rlt.Data;

/// <summary>Reads the rows of a data file: Parquet, JSONL, JSON or CSV, by its extension; or of a data set's folder of such files.</summary>
public static class RowFile
{
    private const int PartRows = 64;

    /// <summary>Reads the rows one after another.</summary>
    /// <param name="path">A file or a folder.</param>
    /// <param name="subset">Of a folder, the subset; null: the only or the default one.</param>
    /// <param name="split">Of a folder, the split; null: the only one.</param>
    /// <exception cref="DataException">A file cannot be read, or a row of it; the message has the line.</exception>
    public static IEnumerable<JsonRow> Read(string path, string? subset = null, string? split = null) =>
        ReadEach(path, subset, split).Select(read => read.Usable);

    /// <summary>Reads the rows one after another, bad ones as problems.</summary>
    /// <exception cref="DataException">A file as a whole cannot be read.</exception>
    internal static IEnumerable<ReadRow> ReadEach(string path, string? subset = null, string? split = null) =>
        Files(path, subset, split).SelectMany(file => IsParquet(file) ? ParquetFile.ReadParts(file).SelectMany(part => part()) : ReadFile(file));

    /// <summary>Reads the rows in parts, one after another, each of which may be made on another thread.</summary>
    /// <inheritdoc cref="ReadEach"/>
    internal static IEnumerable<Func<ReadRow[]>> ReadParts(string path, string? subset, string? split) => Files(path, subset, split)
        .SelectMany(file => IsParquet(file) ? ParquetFile.ReadParts(file) : ReadFile(file).Chunk(PartRows).Select(rows => (Func<ReadRow[]>)(() => rows)));

    private static IEnumerable<string> Files(string path, string? subset, string? split) =>
        Directory.Exists(path) ? FilesOf(path, subset, split)
        : (subset ?? split) is null ? [path]
        : throw new DataException($"{path} is one file, which has no {(split is null ? $"subset '{subset}'" : $"split '{split}'")}; "
            + "expected a data set's folder or Hub id.");

    private static bool IsParquet(string path) => Path.GetExtension(path).Equals(".parquet", StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<string> FilesOf(string folder, string? subset, string? split)
    {
        if (File.Exists(Path.Combine(folder, "metrics.jsonl")))
        {
            throw new DataException($"{folder} is a run's folder; expected one of its files, such as {Path.Combine(folder, "traces.jsonl")}.");
        }

        return DataSetFiles.Of(folder).Choose(folder, subset, split).Select(name => Path.Combine(folder, name));
    }

    private static IEnumerable<ReadRow> ReadFile(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".jsonl" or ".ndjson" or "" => JsonLines.ReadEach(path),
        ".json" => JsonFile.ReadEach(path),
        ".csv" => CsvFile.ReadEach(path),
        var other => throw new DataException(
            $"{path}: files that end in '{other}' are not read; expected .parquet, .jsonl (one object a line), .json (a list of objects) or .csv."),
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
