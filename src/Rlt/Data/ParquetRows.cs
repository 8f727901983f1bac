using System.Text.Json.Nodes;
using Apache.Arrow;
using Apache.Arrow.Types;
using ParquetSharp;
using ParquetSharp.Arrow;

namespace Rlt.Data;

/// <summary>Writes rows as Parquet: fields that are texts, or lists of objects whose fields are texts, the same ones in every row.</summary>
public static class ParquetRows
{
    private const int GroupRows = 4096;

    /// <summary>Writes a file; one row group is in memory at a time.</summary>
    /// <param name="path">The file; an earlier one is replaced.</param>
    /// <param name="rows">At least one; the first tells the columns.</param>
    public static void Write(string path, IEnumerable<JsonObject> rows)
    {
        using WriterPropertiesBuilder builder = new();
        using WriterProperties properties = builder.Compression(Compression.Zstd).Build();
        FileWriter? writer = null;
        try
        {
            foreach (JsonObject[] group in rows.Chunk(GroupRows))
            {
                (string Name, IArrowArray Values)[] columns = [.. group[0].Select(field => (field.Key, Column([.. group.Select(row => row[field.Key]!)])))];
                var schema = new Schema([.. columns.Select(column => new Field(column.Name, column.Values.Data.DataType, nullable: false))], null);
                writer ??= new FileWriter(path, schema, properties);
                using var batch = new RecordBatch(schema, columns.Select(column => column.Values), group.Length);
                writer.WriteRecordBatch(batch);
            }

            writer?.Close();
        }
        finally
        {
            writer?.Dispose();
        }
    }

    private static IArrowArray Column(JsonNode[] cells)
    {
        if (cells[0] is not JsonArray)
        {
            return Texts(cells.Select(cell => cell.GetValue<string>()));
        }

        JsonObject[] items = [.. cells.SelectMany(cell => cell.AsArray()).Select(item => item!.AsObject())];
        string[] names = [.. items[0].Select(field => field.Key)];
        var structure = new StructType([.. names.Select(name => new Field(name, StringType.Default, nullable: false))]);
        var values = new StructArray(
            structure, items.Length, names.Select(name => Texts(items.Select(item => item[name]!.GetValue<string>()))), ArrowBuffer.Empty);
        var offsets = new ArrowBuffer.Builder<int>(cells.Length + 1).Append(0);
        int end = 0;
        foreach (JsonNode cell in cells)
        {
            end += cell.AsArray().Count;
            offsets.Append(end);
        }

        return new ListArray(new ListType(new Field("item", structure, nullable: false)), cells.Length, offsets.Build(), values, ArrowBuffer.Empty);
    }

    private static StringArray Texts(IEnumerable<string> texts) => new StringArray.Builder().AppendRange(texts).Build();
}
