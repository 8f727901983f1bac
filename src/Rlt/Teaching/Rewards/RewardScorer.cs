using Rlt.Models;

namespace Rlt.Teaching.Rewards;

/// <summary>An explanation's reward with the log-probabilities it was made from.</summary>
/// <param name="Reward">The reward.</param>
/// <param name="TeacherThink">log π_teacher of the explanation's tokens; nats.</param>
/// <param name="StudentThink">log π_student of the same tokens.</param>
/// <param name="Solution">log π_student of the solution's tokens.</param>
/// <param name="Signs">The explanation's signs of gaming.</param>
public sealed record ScoredCase(Reward Reward, float[] TeacherThink, float[] StudentThink, float[] Solution, ExplanationSigns Signs);

/// <summary>Scores explanations under a teacher and a frozen student, many in one pass.</summary>
public sealed class RewardScorer(Decoder teacher, Decoder student, RewardOptions options, int tokenBudget)
{
    /// <summary>The rewards of the cases, in their order.</summary>
    /// <exception cref="DataException">A case does not fit a model's context.</exception>
    /// <exception cref="RunFailedException">A reward is not a finite number.</exception>
    public IReadOnlyList<ScoredCase> Score(IReadOnlyList<TeachingCase> cases)
    {
        foreach (TeachingCase c in cases)
        {
            RequireFits(c);
        }

        float[][] teacherLogProbs = SequenceScorer.LogProbs(teacher, [.. cases.Select(c => c.Teacher)], options.TeacherTemperature, tokenBudget);
        float[][] studentLogProbs = SequenceScorer.LogProbs(student, [.. cases.Select(c => c.Student)], options.StudentTemperature, tokenBudget);
        return [.. cases.Select((c, i) => Combine(c, teacherLogProbs[i], studentLogProbs[i]))];
    }

    /// <summary>log π_student of each case's solution tokens alone; the teacher is not asked.</summary>
    public float[][] Solutions(IReadOnlyList<TeachingCase> cases)
    {
        float[][] logProbs = SequenceScorer.LogProbs(student, [.. cases.Select(c => c.Student)], options.StudentTemperature, tokenBudget);
        return [.. cases.Select((c, i) => Select(logProbs[i], c.Solves))];
    }

    /// <summary>Refuses a case that is longer than the teacher's or the student's context; nothing is ever cut.</summary>
    /// <exception cref="DataException">The case does not fit.</exception>
    public void RequireFits(TeachingCase c) => c.RequireFits(teacher.Config.MaxPositions, student.Config.MaxPositions);

    private ScoredCase Combine(TeachingCase c, float[] teacherLogProbs, float[] studentLogProbs)
    {
        float[] teacherThink = Select(teacherLogProbs, c.Teacher.Mask!);
        float[] studentThink = Select(studentLogProbs, c.Thinks);
        float[] solution = Select(studentLogProbs, c.Solves);
        return new ScoredCase(Reward.From(solution, teacherThink, studentThink, c.Closed, options, c.Signs), teacherThink, studentThink, solution, c.Signs);
    }

    private static float[] Select(float[] values, bool[] marks) => [.. values.Where((_, i) => marks[i])];
}
