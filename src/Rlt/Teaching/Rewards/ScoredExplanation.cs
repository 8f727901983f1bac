using System.Text.Json.Nodes;

namespace Rlt.Teaching.Rewards;

/// <summary>An explanation with its reward and the log-probabilities it was made from.</summary>
/// <param name="Case">What was scored.</param>
/// <param name="Reward">The reward.</param>
/// <param name="TeacherThink">log π_teacher of the explanation's tokens; nats.</param>
/// <param name="StudentThink">log π_student of the same tokens.</param>
/// <param name="Solution">log π_student of the solution's tokens.</param>
public sealed record ScoredExplanation(TeachingCase Case, Reward Reward, float[] TeacherThink, float[] StudentThink, float[] Solution)
{
    /// <summary>Adds the reward and its two terms to a row, or all parts of it.</summary>
    public void AddTo(JsonObject row, bool allParts = false)
    {
        foreach ((string name, double value, bool isTerm) in Reward.Parts)
        {
            if (isTerm || allParts)
            {
                row[name] = value;
            }
        }
    }
}
