using System.Text;
using System.Text.Json.Nodes;
using Rlt.Data;

namespace Rlt.Tests.Data;

public sealed class JsonLinesTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("{\"a\":1}\n{\"a\":2}\n", "1:1 2:2")]
    [InlineData("{\"a\":1}\n{\"a\":2}", "1:1 2:2")]
    [InlineData("{\"a\":1}\r\n\r\n  \n{\"a\":2}\r\n", "1:1 4:2")]
    [InlineData("\ufeff{\"a\":1}\n\n", "1:1")]
    [InlineData("", "")]
    [InlineData("\n\n", "")]
    public void Read_LineEndsAndBlankLines_RowsKeepTheirLineNumbers(string text, string expected) =>
        Assert.Equal(expected, string.Join(' ', Read(text).Select(row => $"{row.Line}:{row.Fields["a"]}")));

    [Fact]
    public void Read_UnicodeSeparatorsInTexts_EndNoLine()
    {
        JsonRow row = Assert.Single(Read("{\"t\":\"a\u2028b\u2029c\u0085d\u000b\"}\n".Replace("\u000b", "\\u000b", StringComparison.Ordinal)));
        Assert.Equal("a\u2028b\u2029c\u0085d\u000b", row.Text("t"));
    }

    [Fact]
    public void Read_LinesAroundTheBuffersEnd_AreWhole()
    {
        int[] lengths = [65_520, 65_521, 65_522, 65_523, 65_524, 65_525, 65_526, 65_527, 65_528, 65_529, 1, 300_000, 2, 131_072];
        string text = string.Concat(lengths.Select(length => $"{{\"t\":\"{new string('x', length)}\"}}\n"));
        Assert.Equal(lengths, Read(text).Select(row => row.Text("t").Length));
        Assert.Equal(lengths, Read(text.TrimEnd()).Select(row => row.Text("t").Length));
    }

    [Theory]
    [InlineData("{\"a\":1}\n\n{\"a\":", ":3: the line is not usable JSON: ")]
    [InlineData("{\"a\":1,\"a\":2}", ":1: the line is not usable JSON: Duplicate property 'a'")]
    [InlineData("{\"a\":{\"b\":1,\"b\":2}}", ":1: the line is not usable JSON: Duplicate property 'b'")]
    [InlineData("{\"a\":\"\\ud800\"}", ":1: the line is not usable JSON: a text in it holds half of a surrogate pair")]
    [InlineData("{\"a\":NaN}", ":1: the line is not usable JSON: ")]
    [InlineData("{\"a\":1} {\"a\":2}", ":1: the line is not usable JSON: ")]
    [InlineData("{\"a\":1,}", ":1: the line is not usable JSON: ")]
    [InlineData("[1]", ":1: the line is a JSON array; expected one JSON object a line.")]
    [InlineData("null", ":1: the line is a JSON null; expected one JSON object a line.")]
    public void Read_UnusableLine_SaysFileAndLine(string text, string expected)
    {
        var error = Assert.Throws<DataException>(() => Read(text));
        Assert.StartsWith(_scratch["r.jsonl"] + expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_InvalidUtf8_SaysFileAndLine()
    {
        File.WriteAllBytes(_scratch["r.jsonl"], [.. "{}\n{\"a\":\""u8, 0xc3, 0x28, .. "\"}"u8]);
        var error = Assert.Throws<DataException>(() => JsonLines.Read(_scratch["r.jsonl"]).ToList());
        Assert.Equal($"{_scratch["r.jsonl"]}:2: the line is not usable JSON: it is not valid UTF-8", error.Message);
    }

    [Fact]
    public void Read_AbsentFileOrDirectory_IsADataError()
    {
        Assert.Throws<DataException>(() => JsonLines.Read(_scratch["absent"]).ToList());
        Assert.Throws<DataException>(() => JsonLines.Read(_scratch.Root).ToList());
    }

    [Fact]
    public void Read_RowsBeforeABadLine_AreGivenFirst() =>
        Assert.Equal("1", JsonLines.Read(_scratch.Write("r.jsonl", "{\"a\":1}\nbad\n")).First().Fields["a"]!.ToString());

    [Fact]
    public void Write_RowsThatWereRead_KeepEveryFieldAndNumberAsWritten()
    {
        const string text = "{\"z\":1.0,\"a\":[1e-06,null,true],\"big\":12345678901234567890,\"t\":\"日本 <b> é ' \\\" \\\\ \\n\",\"o\":{}}\n{}\n";
        List<JsonRow> rows = Read(text);

        JsonLines.Write(_scratch["w.jsonl"], rows.Select(row => row.Fields));

        Assert.Equal(text, File.ReadAllText(_scratch["w.jsonl"]));
        Assert.Equal(text.Split('\n')[0], JsonLines.Line(rows[0].Fields));
    }

    [Fact]
    public void Write_TextsOfEveryKind_ReadBackEqual()
    {
        string[] texts = ["", "🙂", "\u2028\u2029\u0085", "\0\u001f\u007f", "a\r\nb", new string('é', 100_000)];
        JsonLines.Write(_scratch["w.jsonl"], texts.Select(text => new JsonObject { ["t"] = text, ["x"] = 0.1 }));
        Assert.Equal(texts, JsonLines.Read(_scratch["w.jsonl"]).Select(row => row.Text("t")));
        Assert.Equal(texts.Length, File.ReadAllBytes(_scratch["w.jsonl"]).Count(value => value == '\n'));
    }

    [Fact]
    public void Write_RowsThatFailMidway_KeepTheEarlierFile()
    {
        _scratch.Write("w.jsonl", "earlier");
        Assert.Throws<DataException>(() => JsonLines.Write(_scratch["w.jsonl"], JsonLines.Read(_scratch.Write("r.jsonl", "{}\nbad\n")).Select(row => row.Fields)));
        Assert.Equal("earlier", File.ReadAllText(_scratch["w.jsonl"]));
        Assert.False(File.Exists(_scratch["w.jsonl.partial"]));
    }

    [Fact]
    public void Fields_OfAnotherKind_SayRowFieldAndExpectation()
    {
        JsonRow row = Read("\n{\"t\":5,\"n\":null,\"ids\":[1,2],\"bad\":[1,-1],\"frac\":[1.5],\"s\":\"x\"}").Single();

        Assert.Equal([1, 2], row.TokenIds("ids"));
        Assert.Equal(("x", null, null), (row.Text("s"), row.TextOrNull("n"), row.TextOrNull("absent")));
        Assert.Equal((true, false, false), (row.Has("t"), row.Has("n"), row.Has("absent")));
        Expect("'t' is 5; expected a text.", () => row.Text("t"));
        Expect("'n' is missing; expected a text.", () => row.Text("n"));
        Expect("'s' is \"x\"; expected a list of token ids.", () => row.TokenIds("s"));
        Expect("'bad' holds -1 at place 1; expected a token id, a whole number of at least 0.", () => row.TokenIds("bad"));
        Expect("'frac' holds 1.5 at place 0; expected a token id", () => row.TokenIds("frac"));
    }

    [Fact]
    public void Read_ThousandsOfRows_AreInOrder()
    {
        string path = _scratch.Write("r.jsonl", string.Concat(Enumerable.Range(0, 5000).Select(i => $"{{\"i\":{i}}}\n")));
        Assert.Equal(Enumerable.Range(0, 5000), JsonLines.Read(path).Select(row => row.Fields["i"]!.GetValue<int>()));
    }

    private void Expect(string message, Func<object> read) =>
        Assert.StartsWith($"{_scratch["r.jsonl"]}:2: {message}", Assert.Throws<DataException>(read).Message, StringComparison.Ordinal);

    private List<JsonRow> Read(string text)
    {
        File.WriteAllText(_scratch["r.jsonl"], text, new UTF8Encoding(false));
        return [.. JsonLines.Read(_scratch["r.jsonl"])];
    }
}
