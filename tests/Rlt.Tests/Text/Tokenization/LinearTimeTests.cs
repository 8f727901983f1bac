using System.Diagnostics;
using Rlt.Text.Tokenization;

namespace Rlt.Tests.Text.Tokenization;

/// <summary>Hostile texts. Quadratic work on one of them would take minutes to hours; linear work takes well under a second.</summary>
public sealed class LinearTimeTests
{
    private const int Length = 400_000;
    private const int MaxSeconds = 20;

    public static TheoryData<string, string> Texts => new()
    {
        { "one letter", new string('a', Length) },
        { "capitals", new string('A', Length) },
        { "spaces and a letter", new string(' ', Length) + "x" },
        { "line feeds", new string('\n', Length) },
        { "line feeds and spaces", string.Concat(Enumerable.Repeat("\n ", Length / 2)) },
        { "combining marks", "e" + string.Concat(Enumerable.Repeat("\u0323\u0301", Length / 2)) },
        { "random letters", new string([.. Enumerable.Range(0, Length).Select(i => (char)('a' + (i * i % 977 % 26)))]) },
        { "digits", new string('1', Length) },
        { "beginnings of a special token", string.Concat(Enumerable.Repeat("<|im_", Length / 5)) },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void Encode_HostileText_TakesLinearTime(string name, string text)
    {
        var tokenizer = Tokenizer.Load(Golden.Find("tokenizer_tiny"));
        var watch = Stopwatch.StartNew();
        var encoding = tokenizer.Encode(text);
        Assert.NotEmpty(tokenizer.Decode(encoding.Ids));
        Assert.True(watch.Elapsed.TotalSeconds < MaxSeconds, $"{name}: {watch.Elapsed.TotalSeconds} s");
    }

    [Theory]
    [InlineData("a+b")]
    [InlineData("(?:a|b|ab)+c|x")]
    [InlineData("(?:(?:a|b)+ ?)+x")]
    [InlineData("a*a*a*b|a")]
    public void Split_PatternThatBacktracks_TakesLinearTime(string pattern)
    {
        var watch = Stopwatch.StartNew();
        string[] pieces = TestTokenizer.Split($$"""{"type":"Split","pattern":{"Regex":"{{pattern}}"},"behavior":"Isolated"}""", new string('a', 50_000));
        Assert.Equal(50_000, pieces.Sum(piece => piece.Length));
        Assert.True(watch.Elapsed.TotalSeconds < MaxSeconds, $"{watch.Elapsed.TotalSeconds} s");
    }

    [Theory]
    [InlineData("(?i:", "x if ", ")")]
    [InlineData("(?i:", @"[\\p{L}]", ")")]
    [InlineData("(?i:", "(?:a|b){1,9}", ")")]
    [InlineData(@"[\\p{L}", "{% if 1 %}", "]")]
    [InlineData(@"(?:\\p{L}", "|x", ")")]
    [InlineData("", "字?", @"\\p{L}")]
    public void Load_LongPattern_TakesMemoryInProportion(string begin, string part, string end)
    {
        string regex = begin + string.Concat(Enumerable.Repeat(part, 4_000 / part.Length)) + end;
        string splitter = $$"""{"type":"Split","pattern":{"Regex":"{{regex}}"},"behavior":"Isolated"}""";
        TestTokenizer.Split(splitter, "a");
        long before = GC.GetAllocatedBytesForCurrentThread();
        TestTokenizer.Split(splitter, "a");
        long perCharacter = (GC.GetAllocatedBytesForCurrentThread() - before) / regex.Length;
        Assert.True(perCharacter < 10_000, $"{perCharacter} bytes for each character of the pattern");
    }
}
