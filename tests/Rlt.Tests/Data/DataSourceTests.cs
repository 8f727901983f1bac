using Rlt.Data;

namespace Rlt.Tests.Data;

public sealed class DataSourceTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Read_AllUsable_NoWarning()
    {
        UsableRows<string> rows = Read("{\"t\":\"a\"}\n{\"t\":\"b\"}", 0);
        Assert.Equal(["a", "b"], rows.Rows);
        Assert.Equal((0, null), (rows.LeftOut, rows.Warning));
    }

    [Theory]
    [InlineData(1, 99, 0.01, true)]
    [InlineData(1, 98, 0.01, false)]
    [InlineData(2, 198, 0.01, true)]
    [InlineData(1, 1, 0.5, true)]
    [InlineData(1, 1, 0.4, false)]
    [InlineData(1, 99, 0, false)]
    [InlineData(1, 0, 1, false)]
    public void Read_BadRows_AreLeftOutUpToTheShare(int bad, int good, double share, bool goesOn)
    {
        string text = string.Concat(Enumerable.Repeat("{\"t\":5}\n", bad).Concat(Enumerable.Repeat("{\"t\":\"a\"}\n", good)));
        if (goesOn)
        {
            UsableRows<string> rows = Read(text, share);
            Assert.Equal((good, bad), (rows.Rows.Count, rows.LeftOut));
        }
        else
        {
            Assert.StartsWith($"{_scratch["rows.jsonl"]}: {bad} of {bad + good} rows cannot be used (", Assert.Throws<DataException>(() => Read(text, share)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Read_SeveralKindsOfBadRows_WarnsOnceWithTheFirstFive()
    {
        string path = _scratch["rows.jsonl"];
        UsableRows<string> rows = Read("{\"t\":1}\n[]\n\n{\"u\":1}\n{\"t\":\"good\"}\n{\"t\":2}\n{\"t\":3}\n{\"t\":4}\n{\"t\":5}\n", 0.9);
        Assert.Equal(["good"], rows.Rows);
        Assert.Equal(
            $"{path}: 7 of 8 rows cannot be used and are left out (max_bad_rows allows 0.9 of all):\n  {path}:1: 't' is 1; expected a text.\n"
            + $"  {path}:2: the line is a JSON array; expected one JSON object a line.\n  {path}:4: 't' is missing; expected a text.\n"
            + $"  {path}:6: 't' is 2; expected a text.\n  {path}:7: 't' is 3; expected a text.\n  … and 2 more",
            rows.Warning);
    }

    [Fact]
    public void Read_Limit_CountsBadRowsAndNotThosePassedOver()
    {
        var source = new DataSource(_scratch.Write("rows.jsonl", "{\"skip\":1}\n{\"t\":\"a\"}\n{\"t\":5}\nnot json\n{\"t\":\"b\"}\n")) { Limit = 2, MaxBadRows = 0.5 };
        UsableRows<string> rows = source.Read("'t'", row => row.Text("t"), row => row.Has("skip"));
        Assert.Equal(["a"], rows.Rows);
        Assert.Equal(1, rows.LeftOut);
    }

    [Fact]
    public void Read_NamedColumn_MayBeMissingInSomeRows() =>
        Assert.Equal(["a", "b"], Read("{\"t\":\"a\"}\n{\"t\":\"b\",\"why\":\"x\"}", 0, new FieldNames { Explanation = "why" }).Rows);

    [Theory]
    [InlineData("question")]
    [InlineData("solution")]
    [InlineData("explanation")]
    [InlineData("answer")]
    [InlineData("system")]
    public void Read_NamedColumnInNoRow_NamesThoseThatAreThere(string key)
    {
        FieldNames fields = key switch
        {
            "question" => new() { Question = "x" },
            "solution" => new() { Solution = "x" },
            "explanation" => new() { Explanation = "x" },
            "answer" => new() { Answer = "x" },
            _ => new() { System = "x" },
        };
        var error = Assert.Throws<ConfigException>(() => Read("{\"t\":\"a\"}\n{\"t\":\"b\",\"u\":null}", 0, fields));
        Assert.Equal($"fields.{key} is 'x', a column that {_scratch["rows.jsonl"]} does not have; expected one of 't', 'u'.", error.Message);
        Assert.Equal(2, error.ExitCode);
    }

    [Fact]
    public void Read_NamedColumnOfAWideFile_NamesThirty()
    {
        string row = $"{{{string.Join(',', Enumerable.Range(0, 40).Select(i => $"\"c{i}\":1"))}}}";
        string message = Assert.Throws<ConfigException>(() => Read(row, 0, new FieldNames { Answer = "x" })).Message;
        Assert.EndsWith("'c29', ….", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_NoRows_SaysWhatIsExpected() =>
        Assert.Equal($"{_scratch["rows.jsonl"]}: no rows; expected rows with 't'.", Assert.Throws<DataException>(() => Read("\n", 1)).Message);

    private UsableRows<string> Read(string text, double share, FieldNames? fields = null) =>
        new DataSource(_scratch.Write("rows.jsonl", text)) { MaxBadRows = share, Fields = fields ?? new FieldNames() }.Read("'t'", row => row.Text("t"));
}
