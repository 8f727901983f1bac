using Rlt.Models;
using Rlt.Teaching;
using Rlt.Teaching.Rewards;
using Rlt.Tests.Data;

namespace Rlt.Tests.Teaching;

/// <summary>What the scorer asks the two models, and what it refuses.</summary>
public sealed class ExplanationScorerTests : IDisposable
{
    private static readonly TeachingTask Task = new("what is 2 + 3?", "it is five") { Answer = "five" };

    private readonly ScratchDirectory _scratch = new();
    private readonly LanguageModel _teacher;
    private readonly LanguageModel _student;

    public ExplanationScorerTests()
    {
        _teacher = LanguageModel.Load(TinyDirectory.Write(_scratch["teacher"], seed: 1), TinyDirectory.Device);
        _student = LanguageModel.Load(TinyDirectory.Write(_scratch["student"], seed: 2), TinyDirectory.Device);
    }

    public void Dispose()
    {
        _teacher.Dispose();
        _student.Dispose();
        _scratch.Dispose();
    }

    [Fact]
    public void Score_TwoTemperatures_EachModelHasItsOwn()
    {
        ExplanationScorer scorer = Scorer(new RewardOptions { TeacherTemperature = 0.5, StudentTemperature = 2 });
        TeachingCase one = scorer.Case(Task, "add two and three</e>");
        ScoredExplanation scored = scorer.Score([one])[0];
        float[] ofTeacher = SequenceScorer.LogProbs(_teacher.Decoder, [one.Teacher.Sequence], 0.5, 64)[0];
        float[] ofStudent = SequenceScorer.LogProbs(_student.Decoder, [one.Student.Sequence], 2, 64)[0];
        Assert.True(scored.Reward is { ExplanationTokens: > 2, SolutionTokens: > 2 });
        Assert.Equal(one.Teacher.Explanation.Select(token => ofTeacher[token.Index - one.Teacher.Sequence.From]), scored.TeacherThink);
        Assert.Equal(one.Student.Explanation.Select(token => ofStudent[token.Index - one.Student.Sequence.From]), scored.StudentThink);
        Assert.Equal(one.Student.Solution.Select(token => ofStudent[token.Index - one.Student.Sequence.From]), scored.Solution);
        Assert.Equal(Reward.From(scored.Solution, scored.TeacherThink, scored.StudentThink, closed: true, new RewardOptions()), scored.Reward);
    }

    [Fact]
    public void Score_Penalties_AreTheWeightedSignsSubtracted()
    {
        var options = new RewardOptions { Penalties = new RewardPenalties { LeaksEarly = 2, CopiesSolution = 3, Repetition = 4 } };
        string[] completions = ["five so so so so so so so so</e>", "one two three</e>"];
        Reward[] plain = Score(new RewardOptions()), penalized = Score(options);
        ExplanationSigns signs = Scorer(options).Case(Task, completions[0]).Signs;
        Assert.Equal((1, 0), (signs.LeaksEarly, signs.CopiesSolution));
        Assert.True(signs.Repetition > 0);
        Assert.Equal(0, plain[0].Penalty);
        Assert.Equal(2 + (4 * signs.Repetition), penalized[0].Penalty, 1e-9);
        Assert.Equal(plain[0].Total - penalized[0].Penalty, penalized[0].Total, 1e-9);

        // A case without signs costs nothing.
        Assert.Equal(plain[1], penalized[1]);

        Reward[] Score(RewardOptions reward)
        {
            ExplanationScorer scorer = Scorer(reward);
            return [.. scorer.Score([.. completions.Select(completion => scorer.Case(Task, completion))]).Select(scored => scored.Reward)];
        }
    }

    [Theory]
    [InlineData("teacher")]
    [InlineData("student")]
    public void Case_LongerThanAContext_IsRefusedAndAsLongAsItIsScored(string which)
    {
        const string Completion = "add two and three</e>";
        TeachingCase built = Scorer(new RewardOptions()).Case(Task, Completion);
        int tokens = (which == "teacher" ? built.Teacher : built.Student).Sequence.Ids.Length;
        using LanguageModel whole = Short(tokens), shorter = Short(tokens - 1);
        ExplanationScorer fits = With(whole);
        Assert.True(fits.Score([fits.Case(Task, Completion)])[0].Reward.ExplanationTokens > 0);
        Assert.Equal(
            $"question, explanation and solution have {tokens} tokens; the {which}'s context takes {tokens - 1}. Use a shorter explanation or a {which} with a longer context.",
            Assert.Throws<DataException>(() => With(shorter).Case(Task, Completion)).Message);

        LanguageModel Short(int context) => LanguageModel.Load(TinyDirectory.Write(_scratch[$"{context}"], context: context), TinyDirectory.Device);

        ExplanationScorer With(LanguageModel model) =>
            Scorer(new RewardOptions(), which == "teacher" ? model : _teacher, which == "student" ? model : _student);
    }

    private ExplanationScorer Scorer(RewardOptions options, LanguageModel? teacher = null, LanguageModel? student = null)
    {
        (teacher, student) = (teacher ?? _teacher, student ?? _student);
        return new ExplanationScorer(TeachingFormat.ForTwo(TinyDirectory.Format, teacher.Text, student.Text), teacher, student, options, 64);
    }
}
