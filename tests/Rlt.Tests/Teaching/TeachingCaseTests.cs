using Rlt.Models;
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
        Assert.Equal(explanation, Marked(built.Teacher, built.Teacher.Mask!));
        Assert.Equal(explanation, Marked(built.Student, built.Thinks));
        Assert.Equal(solution, Marked(built.Student, built.Solves));
        Assert.Equal(explanation, string.Concat(built.ExplanationSpans.Distinct().Select(span => explanation[span.Start..span.End])));
        Assert.Equal(solution, string.Concat(built.SolutionSpans.Distinct().Select(span => solution[span.Start..span.End])));
        Assert.Equal(built.Thinks.Count(marked => marked), built.ExplanationSpans.Count);
        Assert.Equal(built.Solves.Count(marked => marked), built.SolutionSpans.Count);
        AssertConsistent(built);
    }

    [Fact]
    public void Build_ExplanationRepeatsTheQuestion_SpanIsTheThoughtsOwn()
    {
        const string Question = "how many pens does Bob buy";
        TeachingCase built = Build(new TeachingTask(Question, "5"), Question + "</e>");
        Assert.Equal(Question, Marked(built.Student, built.Thinks));
        string before = _tokenizer.Decode(built.Student.Ids[..built.Student.From]);
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
        Assert.Equal(Composed, Marked(other.Teacher, other.Teacher.Mask!));
        Assert.Equal(one.Teacher.Ids, other.Teacher.Ids);
        Assert.Equal(one.Thinks, other.Thinks);
        AssertConsistent(other);
    }

    [Fact]
    public void Build_MergesAcrossTheEdges_LeaveOnlyTokensBothTextsHave()
    {
        // The blank line before and the line end after merge with the padding and the tags.
        TeachingCase built = Build(new TeachingTask("q", "5"), "\n\nadd\n</e>");
        Assert.Contains("add", Marked(built.Teacher, built.Teacher.Mask!), StringComparison.Ordinal);
        Assert.Equal(Marked(built.Teacher, built.Teacher.Mask!), Marked(built.Student, built.Thinks));
        AssertConsistent(built);
    }

    [Fact]
    public void Build_NoClosingTag_TakesAllAndSaysSo()
    {
        TeachingCase built = Build(new TeachingTask("q", "5"), "add two");
        Assert.False(built.Closed);
        Assert.Equal("add two", Marked(built.Teacher, built.Teacher.Mask!));
    }

    [Theory]
    [InlineData("</e>", true)]
    [InlineData("", false)]
    public void Build_EmptyExplanation_ScoresTheSolutionAlone(string completion, bool closed)
    {
        TeachingCase built = Build(new TeachingTask("q", "five"), completion);
        Assert.Equal(closed, built.Closed);
        Assert.Equal(0, built.Teacher.ScoredCount);
        Assert.DoesNotContain(true, built.Thinks);
        Assert.Equal("five", Marked(built.Student, built.Solves));
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
        Assert.Equal(built.Teacher.ScoredCount, built.Teacher.Mask!.Length);
        Assert.Equal(built.Student.ScoredCount, built.Thinks.Length);
        Assert.Equal(built.Student.ScoredCount, built.Solves.Length);
        Assert.Equal(built.Student.Mask, built.Thinks.Zip(built.Solves, (think, solve) => think || solve));
        Assert.DoesNotContain(true, built.Thinks.Zip(built.Solves, (think, solve) => think && solve));
        Assert.Equal(
            built.Teacher.Ids.Skip(built.Teacher.From).Where((_, i) => built.Teacher.Mask[i]), built.Student.Ids.Skip(built.Student.From).Where((_, i) => built.Thinks[i]));
    }

    private TeachingCase Build(TeachingTask task, string completion) => TeachingCase.Build(_format, task, completion, _tokenizer, _tokenizer);

    private string Marked(TeachingCase built) => Marked(built.Student, built.Solves);

    private string Marked(TokenSequence sequence, bool[] marks) => _tokenizer.Decode([.. sequence.Ids.Skip(sequence.From).Where((_, i) => marks[i])]);
}
