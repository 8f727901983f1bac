using System.Text.Json.Nodes;

namespace Rlt.Training.Grpo;

/// <summary>What a GRPO run is about: what the policy writes for a question, and what that is worth.</summary>
/// <typeparam name="T">What is known of a rollout.</typeparam>
internal interface IGrpoTask<T>
    where T : Rollout
{
    /// <summary>How many questions there are.</summary>
    int Count { get; }

    /// <summary>Draws completions and rewards them.</summary>
    /// <param name="questions">Which questions.</param>
    /// <param name="streams">For each, the random streams of its samples.</param>
    /// <param name="phases">Is told how long drawing and rewarding took.</param>
    /// <returns>Question by question, each one's in the order of its streams.</returns>
    IReadOnlyList<T> Draw(IReadOnlyList<int> questions, IReadOnlyList<ulong[]> streams, PhaseClock phases);

    /// <summary>Adds the task's own figures of a step.</summary>
    void AddMetrics(JsonObject metrics, RolloutBatch<T> batch);

    /// <summary>Adds what rollouts of held-out questions give, with intervals.</summary>
    /// <param name="metrics">Receives the figures.</param>
    /// <param name="groups">For each question its rollouts.</param>
    void Measure(JsonObject metrics, IReadOnlyList<T[]> groups);

    /// <summary>A step has been learned and told; what rewards the next one may follow it, and adds its own figures. Nothing by default.</summary>
    /// <param name="stepsDone">Steps done, this one among them.</param>
    /// <param name="metrics">The step's metrics.</param>
    void Follow(int stepsDone, JsonObject metrics)
    {
    }

    /// <summary>Adds to the rows of a step's chosen rollouts what takes more work to tell; nothing by default.</summary>
    void AddDetails(IReadOnlyList<JsonObject> rows, IReadOnlyList<T> rollouts)
    {
    }
}
