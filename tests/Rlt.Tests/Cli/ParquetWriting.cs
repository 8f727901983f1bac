using System.Text.Json;
using System.Text.Json.Nodes;
using Apache.Arrow;
using Apache.Arrow.Types;
using ParquetSharp.Arrow;

namespace Rlt.Tests.Cli;

/// <summary>Writes rows of texts and whole numbers as Parquet.</summary>
internal static class ParquetWriting
{
    public static void Write(string path, JsonObject[] rows)
    {
        Field[] fields = [.. rows[0].Select(field => new Field(field.Key, IsNumber(field.Value) ? Int32Type.Default : StringType.Default, nullable: true))];
        var schema = new Schema(fields, null);
        IArrowArray[] columns = [.. fields.Select(field => IsNumber(rows[0][field.Name])
            ? (IArrowArray)new Int32Array.Builder().AppendRange(rows.Select(row => row[field.Name]!.GetValue<int>())).Build()
            : new StringArray.Builder().AppendRange(rows.Select(row => row[field.Name]!.GetValue<string>())).Build())];
        using var batch = new RecordBatch(schema, columns, rows.Length);
        using var writer = new FileWriter(path, schema);
        writer.WriteRecordBatch(batch);
        writer.Close();
    }

    private static bool IsNumber(JsonNode? value) => value!.GetValueKind() == JsonValueKind.Number;
}
