using System.Text.Json.Nodes;
using Rlt.Training.Grpo;

namespace Rlt.Training.Teacher;

/// <summary>What a teacher's step tells beside GRPO's own figures: each part of the RLT reward, and the signs of explanations that game it.</summary>
internal static class TeacherMetrics
{
    /// <summary>Adds the figures of a step's explanations.</summary>
    public static void AddTo(JsonObject metrics, IReadOnlyList<TeachingRollout> rollouts, int groupSize)
    {
        (string Name, double[] Values, bool IsTerm)[] parts = [.. rollouts.SelectMany(rollout => rollout.Scored.Reward.Parts)
            .Where(part => part.Name != "reward")
            .GroupBy(part => part.Name)
            .Select(part => (part.Key, part.Select(one => one.Value).ToArray(), part.First().IsTerm))];
        foreach ((string name, double[] values, bool isTerm) in parts)
        {
            metrics[name] = values.Average();
            if (isTerm)
            {
                // As reward_std: what tells explanations of one question apart, and so which part drives the advantages.
                metrics[name + "_std"] = (double)GroupAdvantage.Deviations(values, groupSize).Average();
            }
        }

        metrics["empty"] = rollouts.Average(rollout => string.IsNullOrWhiteSpace(rollout.Case.Explanation) ? 1.0 : 0);
        metrics["missing_tag"] = rollouts.Average(rollout => rollout.Case.Closed ? 0 : 1.0);
        metrics["leaks_early"] = rollouts.Average(rollout => rollout.Case.Signs.LeaksEarly);
        metrics["copies_solution"] = rollouts.Average(rollout => rollout.Case.Signs.CopiesSolution);
        metrics["repetition"] = rollouts.Average(rollout => rollout.Case.Signs.Repetition);
        foreach ((string name, double[] values, _) in parts.Where(part => part.IsTerm))
        {
            Distribution.AddTo(metrics, name, values);
        }
    }
}
