using Rlt.Teaching;
using Rlt.Teaching.Rewards;
using Rlt.Tests.Data;
using Rlt.Text.Chat;
using Rlt.Text.Tokenization;

namespace Rlt.Tests.Teaching;

public sealed class TeachingCaseTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly Tokenizer _tokenizer;
    private readonly TeachingFormat _format;

    public TeachingCaseTests()
    {
        TinyDirectory.WriteTokenizer(_scratch["tokenizer"]);
        _tokenizer = Tokenizer.Load(_scratch["tokenizer"]);
        var chat = new ChatRenderer(ChatTemplate.TryLoad(_scratch["tokenizer"])!);
        _format = new TeachingFormat(TinyDirectory.Format, chat, chat);
    }

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("add two and three", "5")]
    [InlineData("naïve café 数学 🧮👩‍🏫 ok", "五 🎉")]
    [InlineData("the tags <s>x</s> and <t> stand in it", "s")]
    public void Build_Texts_MarkedTokensAreTheExplanationAndTheSolution(string explanation, string solution)
    {
        TeachingCase built = Build(new TeachingTask("what is <e> 2 + 3 </e>, <s>4</s>? 🧮", solution), explanation + "</e> and more");
        Assert.True(built.Closed);
        Assert.Equal(explanation, Marked(built.Teacher, built.Teacher.Explanation));
        Assert.Equal(explanation, Marked(built.Student, built.Student.Explanation));
        Assert.Equal(solution, Marked(built.Student, built.Student.Solution));
        Assert.Equal(explanation, Spanned(explanation, built.Student.Explanation));
        Assert.Equal(solution, Spanned(solution, built.Student.Solution));
        AssertConsistent(built);
    }

    [Fact]
    public void Build_ExplanationRepeatsTheQuestion_SpanIsTheThoughtsOwn()
    {
        const string Question = "how many pens does Bob buy";
        TeachingCase built = Build(new TeachingTask(Question, "5"), Question + "</e>");
        Assert.Equal(Question, Marked(built.Student, built.Student.Explanation));
        string before = _tokenizer.Decode(built.Student.Sequence.Ids[..built.Student.Sequence.From]);
        Assert.Contains(Question, before, StringComparison.Ordinal);
        Assert.EndsWith("<t>\n", before, StringComparison.Ordinal);
    }

    [Fact]
    public void Build_DecomposedCharacters_AreScoredInTheTokenizersForm()
    {
        const string Composed = "the caf\u00e9 is na\u00efve";
        const string Decomposed = "the cafe\u0301 is nai\u0308ve";
        TeachingCase one = Build(new TeachingTask("q", "5"), Composed + "</e>");
        TeachingCase other = Build(new TeachingTask("q", "5"), Decomposed + "</e>");
        Assert.Equal(Composed, Marked(other.Teacher, other.Teacher.Explanation));
        Assert.Equal(one.Teacher.Sequence.Ids, other.Teacher.Sequence.Ids);
        Assert.Equal(one.Student.Explanation.Select(token => token.Index), other.Student.Explanation.Select(token => token.Index));
        AssertConsistent(other);
    }

    [Fact]
    public void Build_MergesAcrossTheEdges_LeaveOnlyTokensBothTextsHave()
    {
        // The blank line before and the line end after merge with the padding and the tags.
        TeachingCase built = Build(new TeachingTask("q", "5"), "\n\nadd\n</e>");
        Assert.Contains("add", Marked(built.Teacher, built.Teacher.Explanation), StringComparison.Ordinal);
        Assert.Equal(Marked(built.Teacher, built.Teacher.Explanation), Marked(built.Student, built.Student.Explanation));
        AssertConsistent(built);
    }

    [Fact]
    public void Build_NoClosingTag_TakesAllAndSaysSo()
    {
        TeachingCase built = Build(new TeachingTask("q", "5"), "add two");
        Assert.False(built.Closed);
        Assert.Equal("add two", Marked(built.Teacher, built.Teacher.Explanation));
    }

    [Theory]
    [InlineData("</e>", true)]
    [InlineData("", false)]
    public void Build_EmptyExplanation_ScoresTheSolutionAlone(string completion, bool closed)
    {
        TeachingCase built = Build(new TeachingTask("q", "five"), completion);
        Assert.Equal(closed, built.Closed);
        Assert.Equal(0, built.Teacher.Sequence.ScoredCount);
        Assert.Empty(built.Student.Explanation);
        Assert.Equal("five", Marked(built.Student, built.Student.Solution));
        AssertConsistent(built);
    }

    [Fact]
    public void Build_PaddedSolution_LeavesTheLeadingPaddingOut() =>
        Assert.Equal("five", Marked(Build(new TeachingTask("q", "\nfive"), "x</e>")));

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    public void Build_EmptySolution_IsAnError(string solution)
    {
        var error = Assert.Throws<DataException>(() => Build(new TeachingTask("q", solution), "x</e>"));
        Assert.Equal("the solution is empty or has no token of its own between its tags; a reward needs at least one", error.Message);
    }

    [Theory]
    [InlineData("a</e>b</e>c", "a", true)]
    [InlineData("</e>", "", true)]
    [InlineData("", "", false)]
    [InlineData("a</E></ e>", "a</E></ e>", false)]
    [InlineData(" a\n\n</e>", " a\n\n", true)]
    [InlineData("<e>a</e>", "<e>a", true)]
    public void Explanation_Completion_IsCutAtTheFirstClosingTag(string completion, string explanation, bool closed) =>
        Assert.Equal((explanation, closed), _format.Explanation(completion));

    private static void AssertConsistent(TeachingCase built)
    {
        Assert.Empty(built.Teacher.Solution);
        Assert.Empty(built.Student.Explanation.Select(token => token.Index).Intersect(built.Student.Solution.Select(token => token.Index)));
        Assert.Equal(Ids(built.Teacher, built.Teacher.Explanation), Ids(built.Student, built.Student.Explanation));
        Assert.Equal(built.Teacher.Explanation.Select(token => token.Span), built.Student.Explanation.Select(token => token.Span));

        // What is scored begins and ends with a part's token, and a part's values are those of its tokens.
        foreach (SpannedTokens view in new[] { built.Teacher, built.Student })
        {
            SpanToken[] parts = [.. view.Explanation, .. view.Solution];
            int[] scored = [.. Enumerable.Range(view.Sequence.From, view.Sequence.ScoredCount)];
            Assert.Equal(parts.Length > 0 ? (parts.Min(token => token.Index), parts.Max(token => token.Index)) : (0, 0), (scored.FirstOrDefault(), scored.LastOrDefault()));
            Assert.Equal(parts.Select(token => (float)token.Index), view.Values(parts, [.. scored.Select(index => (float)index)]));
        }
    }

    private TeachingCase Build(TeachingTask task, string completion) => TeachingCase.Build(_format, task, completion, _tokenizer, _tokenizer);

    private string Marked(TeachingCase built) => Marked(built.Student, built.Student.Solution);

    private string Marked(SpannedTokens view, IReadOnlyList<SpanToken> part) => _tokenizer.Decode(Ids(view, part));

    private static int[] Ids(SpannedTokens view, IReadOnlyList<SpanToken> part) => [.. part.Select(token => view.Sequence.Ids[token.Index])];

    private static string Spanned(string text, IReadOnlyList<SpanToken> part) =>
        string.Concat(part.Select(token => token.Span).Distinct().Select(span => text[span.Start..span.End]));
}
