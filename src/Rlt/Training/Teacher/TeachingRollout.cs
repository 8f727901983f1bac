using System.Text.Json.Nodes;
using Rlt.Teaching;
using Rlt.Teaching.Rewards;
using Rlt.Training.Grpo;

namespace Rlt.Training.Teacher;

/// <summary>An explanation that a teacher has drawn, as the student scored it.</summary>
/// <param name="Explanation">The explanation.</param>
/// <param name="Scored">Its reward.</param>
internal sealed record TeachingRollout(Explanation Explanation, ScoredExplanation Scored)
    : Rollout(Explanation.Prompt, Explanation.Sample, Explanation.Text, Scored.Reward.Total)
{
    /// <summary>What of it was scored.</summary>
    public TeachingCase Case => Scored.Case;

    /// <summary>The rollout as a row; with what else the task brought, scoring the row again gives the same reward.</summary>
    public override JsonObject ToRow()
    {
        TeachingTask task = Explanation.Task;
        var row = new JsonObject
        {
            ["question"] = task.Question,
            ["solution"] = task.Solution,
            ["completion"] = Text,
            ["completion_tokens"] = Sample.Ids.Length,
        };
        Scored.AddTo(row);
        foreach ((string key, string? text) in new[]
        {
            ("answer", task.Answer), ("teacher_system", task.TeacherSystem), ("student_system", task.StudentSystem), ("prompt", task.TeacherPrompt),
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
