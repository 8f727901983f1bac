using System.Text.Json.Nodes;
using Apache.Arrow;
using Apache.Arrow.Ipc;
using ParquetSharp;
using ParquetSharp.Arrow;

namespace Rlt.Data;

/// <summary>Reads rows from Parquet: each column is a field of its name.</summary>
/// <remarks>
/// Read by Arrow's own reader, page by page: at most one row group is in memory. A row's line is its number in the file, from 1. What JSON has no form
/// for is refused by <see cref="ArrowCells"/> before the first row.
/// </remarks>
internal static class ParquetFile
{
    private const int BatchRows = 256;
    private const int BufferBytes = 1 << 20;

    /// <summary>Reads the rows in order, in parts that are made when they are asked for; the file is open while they are enumerated.</summary>
    /// <exception cref="DataException">The file cannot be read, or a column's type cannot.</exception>
    public static IEnumerable<Func<ReadRow[]>> ReadParts(string path)
    {
        using FileReader file = Guarded(path, () => Open(path));
        using IArrowArrayStream batches = Guarded(path, () => Batches(path, file));
        int rows = 0;
        while (Guarded(path, () => batches.ReadNextRecordBatchAsync().AsTask().GetAwaiter().GetResult()) is { } batch)
        {
            int line = rows;
            rows += batch.Length;
            yield return () => Rows(path, line, batch);
        }
    }

    private static ReadRow[] Rows(string path, int line, RecordBatch batch)
    {
        using (batch)
        {
            (string Name, Func<int, JsonNode?> Cell)[] columns =
                [.. batch.Schema.FieldsList.Select((field, i) => (field.Name, ArrowCells.Of(batch.Column(i))))];
            return [.. Enumerable.Range(0, batch.Length).Select(i => new ReadRow(Row(path, line + i + 1, columns, i), null))];
        }
    }

    private static JsonRow Row(string path, int line, (string Name, Func<int, JsonNode?> Cell)[] columns, int index)
    {
        var fields = new JsonObject();
        foreach ((string name, Func<int, JsonNode?> cell) in columns)
        {
            fields.Add(name, Guarded($"{path}:{line}", () => cell(index)));
        }

        return new JsonRow(path, line, fields);
    }

    private static FileReader Open(string path)
    {
        using ArrowReaderProperties arrow = ArrowReaderProperties.GetDefault();
        (arrow.BatchSize, arrow.PreBuffer, arrow.UseThreads) = (BatchRows, false, false);
        using ReaderProperties pages = ReaderProperties.GetDefaultReaderProperties();
        pages.EnableBufferedStream();
        pages.BufferSize = BufferBytes;
        return new FileReader(path, pages, arrow);
    }

    private static IArrowArrayStream Batches(string path, FileReader file)
    {
        Field[] columns = [.. file.Schema.FieldsList];
        if (columns.GroupBy(column => column.Name).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw new DataException($"{path}: the column '{twice.Key}' is there twice; expected different names.");
        }

        foreach (Field column in columns)
        {
            if (ArrowCells.Problem(column) is { } problem)
            {
                throw new DataException($"{path}: {problem}");
            }
        }

        return file.GetRecordBatchReader();
    }

    // The reader's own messages are those of Arrow, some with lines of C++ after the first.
    private static T Guarded<T>(string place, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is not (RltException or OutOfMemoryException))
        {
            throw new DataException($"{place}: cannot be read as Parquet: {(error.InnerException ?? error).Message.Split('\n')[0].TrimEnd('.', '\r')}.", error);
        }
    }
}
