using Rlt.Data;

namespace Rlt.Tests.Data;

/// <summary>The same rows from each kind of file, and what each kind refuses.</summary>
public sealed class RowFileTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("rows.jsonl", "{\"q\":\"a\",\"s\":\"1\"}\n{\"q\":\"b\",\"s\":\"2\"}\n", "1 2")]
    [InlineData("rows.ndjson", "{\"q\":\"a\",\"s\":\"1\"}\n{\"q\":\"b\",\"s\":\"2\"}\n", "1 2")]
    [InlineData("rows", "{\"q\":\"a\",\"s\":\"1\"}\n{\"q\":\"b\",\"s\":\"2\"}\n", "1 2")]
    [InlineData("rows.json", "[{\"q\":\"a\",\"s\":\"1\"},{\"q\":\"b\",\"s\":\"2\"}]", "1 1")]
    [InlineData("rows.JSON", "\ufeff[\n  {\n    \"q\": \"a\",\n    \"s\": \"1\"\n  },\n  {\"q\": \"b\", \"s\": \"2\"}\n]\n", "2 6")]
    [InlineData("rows.json", "{\"version\": {\"data\": [1]},\n\"data\": [{\"q\":\"a\",\"s\":\"1\"},\n{\"q\":\"b\",\"s\":\"2\"}], \"more\": [5]}", "2 3")]
    [InlineData("rows.csv", "q,s\na,1\nb,2\n", "2 3")]
    [InlineData("rows.csv", "\ufeff\"q\",\"s\"\r\n\"a\",\"1\"\r\n\r\nb,2", "2 4")]
    public void Read_EachKind_GivesRowsWithTheirFirstLine(string name, string text, string lines)
    {
        JsonRow[] rows = [.. RowFile.Read(_scratch.Write(name, text))];
        Assert.Equal(["a=1", "b=2"], rows.Select(row => $"{row.Text("q")}={row.Text("s")}"));
        Assert.Equal(lines, string.Join(' ', rows.Select(row => row.Line)));
        Assert.All(rows, row => Assert.Equal(_scratch[name], row.File));
    }

    [Fact]
    public void Read_CsvQuotedField_HoldsCommasQuotesAndLineEnds()
    {
        JsonRow[] rows = [.. RowFile.Read(_scratch.Write("r.csv", "a,b,c\n\"x, \"\"y\"\"\r\nz\",,\"\"\n\"\"\"\"\"\",é\u2028,3\r\n"))];
        Assert.Equal([2, 4], rows.Select(row => row.Line));
        Assert.Equal("x, \"y\"\r\nz", rows[0].Text("a"));
        Assert.Equal((null, null), (rows[0].TextOrNull("b"), rows[0].TextOrNull("c")));
        Assert.Equal(["a", "b", "c"], rows[0].Fields.Select(field => field.Key));
        Assert.Equal(("\"\"", "é\u2028", "3"), (rows[1].Text("a"), rows[1].Text("b"), rows[1].Text("c")));
    }

    [Theory]
    [InlineData("rows.csv", "")]
    [InlineData("rows.csv", "\n\r\n")]
    [InlineData("rows.csv", "a,b")]
    [InlineData("rows.json", "[]")]
    [InlineData("rows.json", "{\"data\": []}")]
    public void Read_NoRows_GivesNone(string name, string text) => Assert.Empty(RowFile.Read(_scratch.Write(name, text)));

    [Theory]
    [InlineData("r.csv", "a,b\n1,2,3\n", ":2: 3 fields; the header has 2.")]
    [InlineData("r.csv", "a,b\n\"x\ny\",2\n1\n", ":4: 1 fields; the header has 2.")]
    [InlineData("r.csv", "a,b\n1,x\"y\n", ":2: a quote stands inside a field that is not quoted; expected the whole field in quotes and the quote written twice.")]
    [InlineData("r.csv", "a,b\n\"x\"y,2\n", ":2: text follows the closing quote of a field; expected a comma or the line's end.")]
    [InlineData("r.csv", "a,b\n1,2\n3,\"x\n4,5\n", ":3: a quoted field opens here and is never closed; expected a closing quote, and quotes inside the field written twice.")]
    [InlineData("r.csv", "a,a\n1,2\n", ":1: the header has 'a' twice; expected different names.")]
    [InlineData("r.csv", "a;b\n1;2\n", ":1: the header is one column, 'a;b'; expected commas between columns.")]
    [InlineData("r.json", "[{\"a\":1},\n5]", ":2: the item is a JSON number; expected an object.")]
    [InlineData("r.json", "[{\"a\":1},\n{\"a\":1,\"a\":2}]", ":2: the item is not usable JSON: ")]
    [InlineData("r.json", "[{\"a\":1},\n{\"a\":]", ":2: the file is not usable JSON: ']' is an invalid start of a value.")]
    [InlineData("r.json", "[{\"a\":1}", ":1: the file is not usable JSON: ")]
    [InlineData("r.json", "{\"a\":1}\n{\"a\":2}\n", ":2: the file goes on after its first value; expected a list of objects, or {\"data\": [...]}. Name it .jsonl if it has one object a line.")]
    [InlineData("r.json", "{\"a\":[]}", ": the file has no list of rows; expected a list of objects, or {\"data\": [...]}.")]
    [InlineData("r.json", "{\"data\":5}", ": the file has no list of rows; expected a list of objects, or {\"data\": [...]}.")]
    [InlineData("r.json", "5", ": the file has no list of rows; expected a list of objects, or {\"data\": [...]}.")]
    [InlineData("r.json", "", ": the file has no list of rows; expected a list of objects, or {\"data\": [...]}.")]
    [InlineData("r.json", "{\"data\":[],\"data\":[]}", ": 'data' is there twice; expected one list of rows.")]
    [InlineData("r.txt", "a", ": files that end in '.txt' are not read; expected .parquet, .jsonl (one object a line), .json (a list of objects) or .csv.")]
    public void Read_Unusable_SaysFileLineAndWhat(string name, string text, string message) =>
        Assert.StartsWith(_scratch[name] + message, Assert.Throws<DataException>(() => RowFile.Read(_scratch.Write(name, text)).ToList()).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("r.csv", "the file is not valid UTF-8; save it as CSV in UTF-8.")]
    [InlineData("r.json", "not valid UTF-8")]
    public void Read_NotUtf8_IsRefused(string name, string message)
    {
        File.WriteAllBytes(_scratch[name], name == "r.csv" ? [(byte)'a', (byte)'\n', 0xff] : [.. "[{\"a\":\""u8, 0xff, .. "\"}]"u8]);
        Assert.Contains(message, Assert.Throws<DataException>(() => RowFile.Read(_scratch[name]).ToList()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("absent.jsonl")]
    [InlineData("absent.json")]
    [InlineData("absent.csv")]
    public void Read_NoSuchFile_NamesIt(string name) =>
        Assert.StartsWith($"{_scratch[name]}: cannot be read: ", Assert.Throws<DataException>(() => RowFile.Read(_scratch[name]).ToList()).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_LongCsv_EveryRowHasItsLine()
    {
        string path = _scratch.Write("r.csv", "i,t\n" + string.Concat(Enumerable.Range(0, 20000).Select(i => $"{i},\"a\nb \"\"{i}\"\"\"\n")));
        JsonRow[] rows = [.. RowFile.Read(path)];
        Assert.Equal(Enumerable.Range(0, 20000).Select(i => $"{i}"), rows.Select(row => row.Text("i")));
        Assert.Equal(("a\nb \"19999\"", 2 + (2 * 19999)), (rows[^1].Text("t"), rows[^1].Line));
    }
}
