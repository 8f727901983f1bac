using System.Text.Json.Nodes;
using Rlt.Teaching;
using Rlt.Teaching.Rewards;
using Rlt.Training.Grpo;

namespace Rlt.Training.Teacher;

/// <summary>An explanation that a teacher has drawn, as the student scored it.</summary>
/// <param name="Explanation">The explanation.</param>
/// <param name="Case">What of it was scored.</param>
/// <param name="Score">Its reward.</param>
internal sealed record TeachingRollout(Explanation Explanation, TeachingCase Case, ScoredCase Score)
    : Rollout(Explanation.Prompt, Explanation.Sample, Explanation.Text, Score.Reward.Total)
{
    /// <summary>What it explains.</summary>
    public TeachingTask Task => Explanation.Task;

    /// <summary>The rollout as a row; with what else the task brought, scoring the row again gives the same reward.</summary>
    public override JsonObject ToRow()
    {
        var row = new JsonObject
        {
            ["question"] = Task.Question,
            ["solution"] = Task.Solution,
            ["completion"] = Text,
            ["completion_tokens"] = Sample.Ids.Length,
            ["reward"] = Reward,
            ["solution_score"] = Score.Reward.SolutionScore,
            ["think_kl"] = Score.Reward.ThinkKl,
        };
        foreach ((string key, string? text) in new[]
        {
            ("answer", Task.Answer), ("teacher_system", Task.TeacherSystem), ("student_system", Task.StudentSystem), ("prompt", Task.TeacherPrompt),
        })
        {
            if (text is not null)
            {
                row[key] = text;
            }
        }

        return row;
    }
}
