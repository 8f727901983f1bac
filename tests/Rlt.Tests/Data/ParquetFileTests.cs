using System.Text.Json.Nodes;
using Rlt.Data;

namespace Rlt.Tests.Data;

/// <summary>Parquet of other writers (Data/parquet/README.md) gives the rows that they were made from.</summary>
public sealed class ParquetFileTests : IDisposable
{
    private static readonly string Folder = Path.Combine(Golden.RepositoryRoot, "tests", "Rlt.Tests", "Data", "parquet");

    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("duckdb.parquet")]
    [InlineData("duckdb-v2.parquet")]
    [InlineData("hyparquet.parquet")]
    public void Read_FileOfAnotherWriter_GivesTheSameRowsAsJsonl(string name)
    {
        JsonRow[] expected = [.. RowFile.Read(Path.Combine(Folder, "rows.jsonl"))], rows = [.. RowFile.Read(Path.Combine(Folder, name))];
        Assert.Equal(expected.Length, rows.Length);
        foreach ((JsonRow row, JsonRow same) in rows.Zip(expected))
        {
            Assert.Equal(same.Line, row.Line);
            Assert.All(row.Fields, field => Assert.True(
                JsonNode.DeepEquals(same.Fields[field.Key], field.Value), $"{field.Key}: {field.Value?.ToJsonString()} for {same.Fields[field.Key]?.ToJsonString()}"));
        }

        Assert.Contains("conversations", rows[0].Fields.Select(field => field.Key));
    }

    [Theory]
    [InlineData("polars.parquet", """{"question":"2 + 2?","solution":"4","steps":["add","done"],"score":1.5}""",
        """{"question":"3 + 3?","solution":null,"steps":[],"score":2.5}""", """{"question":"4 + 4?","solution":"8","steps":["twice"],"score":null}""")]
    [InlineData("parquet-wasm.parquet",
        """{"messages":[{"role":"user","content":"What is 2 + 3?"},{"role":"assistant","content":"<think>\nTwo and three more.\n</think>\n\n5"}],"source":"a","ids":[1,2]}""",
        """{"messages":[{"role":"user","content":"Was ergibt 6 · 7? Größe 📏"},{"role":"assistant","content":"<think>\nSix times seven.\n</think>\n\n42"}],"source":"b","ids":[]}""",
        """{"messages":[{"role":"user","content":"What is 9 - 9?"},{"role":"assistant","content":"<think>\nNothing is left.\n</think>\n\n0"}],"source":"a","ids":[3]}""")]
    [InlineData("types.parquet", """
        {"small":1,"byte":250,"big":18446744073709551615,"single":1.5,"price":12.30,"day":"2024-02-29","at":"2024-02-29T13:14:15.5","zoned":"2024-02-29T13:14:15Z","clock":"01:02:03","kind":"a"}
        """)]
    public void Read_EachType_GivesItsJson(string name, params string[] expected)
    {
        JsonRow[] rows = [.. RowFile.Read(Path.Combine(Folder, name))];
        Assert.Equal(expected.Select(row => JsonNode.Parse(row)!.ToJsonString()), rows.Select(row => row.Fields.ToJsonString()));
    }

    [Fact]
    public void Read_ListOfNumbers_IsOfTokenIds() => Assert.Equal([1, 2], RowFile.Read(Path.Combine(Folder, "parquet-wasm.parquet")).First().TokenIds("ids"));

    [Theory]
    [InlineData("binary.parquet", "column 'image' has the type binary; expected texts, numbers, booleans, dates, and lists and structs of them. Write the file without that column.")]
    [InlineData("map.parquet", "column 'meta.inner' has the type map; expected texts, numbers, booleans, dates, and lists and structs of them. Write the file without that column.")]
    public void Read_TypeWithoutAForm_IsNamedWithFileAndColumn(string name, string problem)
    {
        string path = Path.Combine(Folder, name);
        Assert.Equal($"{path}: {problem}", Assert.Throws<DataException>(() => RowFile.Read(path).First()).Message);
    }

    [Fact]
    public void Read_DamagedFile_IsOneLineWithTheFile()
    {
        byte[] whole = File.ReadAllBytes(Path.Combine(Folder, "duckdb.parquet"));
        foreach (byte[] damaged in (byte[][])[whole[..^9], [.. "PAR1"u8], [], [.. whole[..40], .. new byte[400], .. whole[440..]]])
        {
            string path = _scratch["damaged.parquet"];
            File.WriteAllBytes(path, damaged);
            string message = Assert.Throws<DataException>(() => RowFile.Read(path).Count()).Message;
            Assert.StartsWith(path, message, StringComparison.Ordinal);
            Assert.Contains("cannot be read as Parquet: ", message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', message);
        }
    }

    [Fact]
    public void Source_ReadsInOrderUpToTheLimit()
    {
        UsableRows<string> rows = new DataSource(Path.Combine(Folder, "parquet-wasm.parquet")) { Limit = 2 }.Read("'source'", row => $"{row.Line}{row.Text("source")}");
        Assert.Equal(["1a", "2b"], rows.Rows);
    }
}
