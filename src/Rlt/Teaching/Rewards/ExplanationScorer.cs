using System.Text.Json.Nodes;
using Rlt.Models;

namespace Rlt.Teaching.Rewards;

/// <summary>Scores explanations under a teacher and a frozen student, many in one pass.</summary>
public sealed class ExplanationScorer(TeachingFormat format, LanguageModel teacher, LanguageModel student, RewardOptions options, int tokenBudget)
{
    /// <summary>A completion of a task's prompt in tokens.</summary>
    /// <exception cref="DataException">It does not fit a model's context, or the solution has no token.</exception>
    public TeachingCase Case(TeachingTask task, string completion)
    {
        TeachingCase built = Build(task, completion);
        built.RequireFits(teacher.Decoder.Config.MaxPositions, student.Decoder.Config.MaxPositions);
        return built;
    }

    /// <summary>The same; null where it does not fit.</summary>
    public TeachingCase? CaseThatFits(TeachingTask task, string completion)
    {
        TeachingCase built = Build(task, completion);
        return built.Teacher.Sequence.Ids.Length <= teacher.Decoder.Config.MaxPositions
            && built.Student.Sequence.Ids.Length <= student.Decoder.Config.MaxPositions ? built : null;
    }

    /// <summary>Explanations as the student scored them, in their order.</summary>
    /// <param name="explanations">The explanations.</param>
    /// <param name="progress">Is told how far the work has come.</param>
    /// <exception cref="DataException">As <see cref="Case"/>.</exception>
    /// <exception cref="RunFailedException">A reward is not a finite number.</exception>
    public IReadOnlyList<ScoredExplanation> Score(IReadOnlyList<Explanation> explanations, WorkProgress? progress = null) =>
        Score([.. explanations.Select(explanation => Case(explanation.Task, explanation.Text))], progress);

    /// <summary>The same of cases.</summary>
    public IReadOnlyList<ScoredExplanation> Score(IReadOnlyList<TeachingCase> cases, WorkProgress? progress = null)
    {
        TokenSequence[] teacherSequences = [.. cases.Select(c => c.Teacher.Sequence)];
        Action<long>? worked = progress.Over(cases.Sum(c => (long)c.Teacher.Sequence.Ids.Length + c.Student.Sequence.Ids.Length));
        float[][] ofTeacher = SequenceScorer.LogProbs(teacher.Decoder, teacherSequences, options.TeacherTemperature, tokenBudget, worked);
        float[][] ofStudent = OfStudent(cases, worked);
        return [.. cases.Select((c, i) =>
        {
            float[] teacherThink = c.Teacher.Values(c.Teacher.Explanation, ofTeacher[i]);
            float[] studentThink = c.Student.Values(c.Student.Explanation, ofStudent[i]);
            float[] solution = c.Student.Values(c.Student.Solution, ofStudent[i]);
            var reward = Reward.From(solution, teacherThink, studentThink, c.Closed, options, c.Signs);
            return new ScoredExplanation(c, reward, teacherThink, studentThink, solution);
        })];
    }

    /// <summary>What each token was worth; the solution's likelihood without an explanation too, so that one sees what it adds.</summary>
    public IEnumerable<JsonObject> Details(IReadOnlyList<ScoredExplanation> explanations)
    {
        TeachingCase[] unexplained = [.. explanations.Select(scored => Build(scored.Case.Task, format.Format.ExplanationClose))];
        return explanations.Zip(unexplained, OfStudent(unexplained)).Select(one => TokenDetails.Of(one.First, one.Second.Student, one.Third));
    }

    private TeachingCase Build(TeachingTask task, string completion) => TeachingCase.Build(format, task, completion, teacher.Tokenizer, student.Tokenizer);

    private float[][] OfStudent(IReadOnlyList<TeachingCase> cases, Action<long>? worked = null) =>
        SequenceScorer.LogProbs(student.Decoder, [.. cases.Select(c => c.Student.Sequence)], options.StudentTemperature, tokenBudget, worked);
}
