using System.Text.Json.Nodes;
using Rlt.Teaching;

namespace Rlt.Training;

/// <summary>An explanation of a step as a row of samples.jsonl.</summary>
internal static class RolloutRow
{
    /// <summary>The row without token details.</summary>
    /// <param name="step">The step, counted from 1.</param>
    /// <param name="batch">The step's explanations.</param>
    /// <param name="index">Which of them.</param>
    public static JsonObject Of(int step, RolloutBatch batch, int index)
    {
        (TeachingTask task, Reward reward) = (batch.Rollouts[index].Task, batch.Scores[index].Reward);
        var row = new JsonObject
        {
            ["step"] = step,
            ["question"] = task.Question,
            ["solution"] = task.Solution,
            ["completion"] = batch.Rollouts[index].Text,
            ["completion_tokens"] = batch.Rollouts[index].Sample.Ids.Length,
            ["reward"] = reward.Total,
            ["solution_score"] = reward.SolutionScore,
            ["think_kl"] = reward.ThinkKl,
            ["advantage"] = batch.Advantages[index],
        };

        // With what else the task brought, scoring the row again gives the same reward.
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

    /// <summary>The row with what each of its tokens was worth in <c>details</c>.</summary>
    public static JsonObject Of(int step, RolloutBatch batch, int index, TeachingCase unexplained, float[] without)
    {
        JsonObject row = Of(step, batch, index);
        var details = new JsonObject();
        TokenDetails.AddTo(details, batch.Cases[index], batch.Scores[index], unexplained, without);
        row["details"] = details;
        return row;
    }
}
