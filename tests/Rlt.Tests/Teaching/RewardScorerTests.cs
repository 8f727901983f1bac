using Rlt.Models;
using Rlt.Teaching.Rewards;

namespace Rlt.Tests.Teaching;

/// <summary>What the scorer asks the two models, and what it refuses.</summary>
public sealed class RewardScorerTests
{
    [Fact]
    public void Score_TwoTemperatures_EachModelHasItsOwn()
    {
        using Decoder teacher = TinyModel.Create(seed: 1);
        using Decoder student = TinyModel.Create(seed: 2);
        TeachingCase one = Case(12, 12);
        ScoredCase scored = new RewardScorer(teacher, student, new RewardOptions { TeacherTemperature = 0.5, StudentTemperature = 2 }, 64).Score([one])[0];
        Assert.Equal(SequenceScorer.LogProbs(teacher, [one.Teacher], 0.5, 64)[0], scored.TeacherThink);
        float[] ofStudent = SequenceScorer.LogProbs(student, [one.Student], 2, 64)[0];
        Assert.Equal(ofStudent[..4], scored.StudentThink);
        Assert.Equal(ofStudent[4..], scored.Solution);
        Assert.Equal(Reward.From(scored.Solution, scored.TeacherThink, scored.StudentThink, closed: true, new RewardOptions()), scored.Reward);
    }

    [Fact]
    public void Score_Penalties_AreTheWeightedSignsSubtracted()
    {
        using Decoder model = TinyModel.Create();
        TeachingCase one = Case(12, 12) with { Signs = new ExplanationSigns(1, 0.5, 0.25) };
        var options = new RewardOptions { Penalties = new RewardPenalties { LeaksEarly = 2, CopiesSolution = 3, Repetition = 4 } };
        Reward plain = new RewardScorer(model, model, new RewardOptions(), 64).Score([one])[0].Reward;
        Reward[] penalized = [.. new RewardScorer(model, model, options, 64).Score([one, Case(12, 12)]).Select(scored => scored.Reward)];
        Assert.Equal(0, plain.Penalty);
        Assert.Equal(4.5, penalized[0].Penalty, 1e-9);
        Assert.Equal(plain.Total - 4.5, penalized[0].Total, 1e-9);

        // A case without signs costs nothing.
        Assert.Equal(plain, penalized[1]);
    }

    // The models take 512 tokens.
    [Theory]
    [InlineData(513, 20, "question, explanation and solution have 513 tokens; the teacher's context takes 512. Use a shorter explanation or a teacher with a longer context.")]
    [InlineData(20, 600, "question, explanation and solution have 600 tokens; the student's context takes 512. Use a shorter explanation or a student with a longer context.")]
    public void Score_LongerThanAContext_IsRefused(int teacherTokens, int studentTokens, string message)
    {
        using Decoder model = TinyModel.Create();
        var scorer = new RewardScorer(model, model, new RewardOptions(), 2048);
        Assert.Equal(message, Assert.Throws<DataException>(() => scorer.Score([Case(20, 20), Case(teacherTokens, studentTokens)])).Message);
    }

    [Fact]
    public void Score_AsLongAsTheContext_IsScored()
    {
        using Decoder model = TinyModel.Create();
        Assert.Equal(4, new RewardScorer(model, model, new RewardOptions(), 2048).Score([Case(512, 512)])[0].Reward.ExplanationTokens);
    }

    // The teacher's last four tokens are the explanation; the student's are it and a solution of four.
    private static TeachingCase Case(int teacherTokens, int studentTokens) => new(
        new TokenSequence(TinyModel.Ids(teacherTokens), teacherTokens - 4, [true, true, true, true]),
        new TokenSequence(TinyModel.Ids(studentTokens), studentTokens - 8, [true, true, true, true, true, true, true, true]),
        [true, true, true, true, false, false, false, false],
        [false, false, false, false, true, true, true, true],
        Closed: true);
}
