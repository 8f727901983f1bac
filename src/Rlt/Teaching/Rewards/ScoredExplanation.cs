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
    /// <summary>Adds the reward and its two terms to a row.</summary>
    public void AddTo(JsonObject row) => Add(row, Reward.Parts.Where(part => part.IsTerm));

    /// <summary>Adds all parts of the reward, and what else traces are chosen by: likelihoods are at the temperature of the reward.</summary>
    /// <param name="row">The row.</param>
    /// <param name="window">Tokens of the window of <see cref="TraceMeasure.Surprise"/>.</param>
    public void AddAllTo(JsonObject row, int window)
    {
        Add(row, Reward.Parts);
        float[] trace = [.. StudentThink, .. Solution];
        row[TraceMeasure.Likelihood.Field()] = TraceMeasures.Likelihood(trace);
        row[TraceMeasure.Surprise.Field()] = TraceMeasures.Surprise(trace, window);
    }

    private static void Add(JsonObject row, IEnumerable<(string Name, double Value, bool IsTerm)> parts)
    {
        foreach ((string name, double value, _) in parts)
        {
            row[name] = value;
        }
    }
}
