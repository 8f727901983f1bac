using System.Text.Json.Nodes;
using Rlt.Data;
using Rlt.Teaching;

namespace Rlt.Tests.Data;

/// <summary>Rows as spreadsheets and published data sets have them: empty columns, lists, LaTeX broken by escapes.</summary>
public sealed class RowShapeTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("q,s,,\na,1,,\n,,,\nb,2\n")]
    [InlineData(",,\nq,s,\na,1,\nb,2,,,\n")]
    [InlineData("q,,s,\na,,1,\n  \nb,,2,\n")]
    public void Read_CsvEmptyColumnsAndRows_ArePassedOver(string text)
    {
        JsonRow[] rows = [.. RowFile.Read(_scratch.Write("r.csv", text))];
        Assert.Equal(["a=1", "b=2"], rows.Select(row => $"{row.Text("q")}={row.Text("s")}"));
    }

    [Fact]
    public void Read_CsvUnnamedColumnsThatHoldSomething_AreAProblem()
    {
        string path = _scratch.Write("r.csv", "q,,\na,1,2\n");
        Assert.Equal($"{path}:2: columns 2 and 3 hold something and have no name; expected a name in the header.", Assert.Throws<DataException>(() => RowFile.Read(path).ToArray()).Message);
    }

    [Theory]
    [InlineData("\frac{1}{2}", "\\frac{1}{2}")]
    [InlineData("so \boxed{3}", "so \\boxed{3}")]
    [InlineData("3\times 4", "3\\times 4")]
    [InlineData("\text{red}", "\\text{red}")]
    [InlineData("\tan(x)", "\\tan(x)")]
    [InlineData("x\neq 2", "x\\neq 2")]
    [InlineData("\rho", "\\rho")]
    [InlineData("one\ttwo\nthree\r\nfour", "one\ttwo\nthree\r\nfour")]
    [InlineData("eat\tan apple\nnow", "eat\tan apple\nnow")]
    [InlineData("a\n\ttable of times", "a\n\ttable of times")]
    public void Text_LatexBrokenByEscapes_IsRestored(string text, string expected) =>
        Assert.Equal(expected, new JsonRow("r.jsonl", 1, new JsonObject { ["t"] = text }).Text("t"));

    [Theory]
    [InlineData("""{"final_answer": ["6"]}""", "6")]
    [InlineData("""{"final_answer": ["2,-5"], "is_multiple_answer": true}""", "2,-5")]
    [InlineData("""{"final_answer": ["2,5"], "is_multiple_answer": true}""", "2, 5")]
    [InlineData("""{"answer": ["$x$", "$y$"]}""", "$x$, $y$")]
    [InlineData("""{"answer": [3, 4]}""", "3, 4")]
    [InlineData("""{"answer": "7", "final_answer": ["8"]}""", "7")]
    [InlineData("""{"answer": []}""", null)]
    public void Answer_List_IsOneAnswer(string json, string? expected) => Assert.Equal(expected, Row(json).Answer);

    [Fact]
    public void Answer_SeveralWhereOneIsSaid_IsAProblem() => Assert.Equal(
        "r.jsonl:1: 'answer' lists several answers while 'is_multiple_answer' is false; expected one.",
        Assert.Throws<DataException>(() => Row("""{"answer": ["1", "2"], "is_multiple_answer": false}""").Answer).Message);

    [Fact]
    public void SolutionText_List_IsTheFirst() => Assert.Equal("Add.", Row("""{"question": "?", "solution": ["Add.", "Count."]}""").SolutionText);

    private static TaskRow Row(string json) => new(new JsonRow("r.jsonl", 1, JsonNode.Parse(json)!.AsObject()), new FieldNames());
}
