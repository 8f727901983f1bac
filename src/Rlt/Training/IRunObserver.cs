using System.Text.Json.Nodes;

namespace Rlt.Training;

/// <summary>Follows a run: a progress display, or a log.</summary>
public interface IRunObserver
{
    /// <summary>The run begins.</summary>
    /// <param name="done">Steps done by an earlier run.</param>
    /// <param name="total">Steps of the whole run.</param>
    void Started(int done, int total);

    /// <summary>A step ended; its metrics are those of metrics.jsonl.</summary>
    void Stepped(JsonObject metrics);

    /// <summary>A step is under way.</summary>
    /// <param name="phase">What it does now.</param>
    /// <param name="share">The share of that which is done, 0 to 1.</param>
    /// <param name="tokensPerSecond">How fast.</param>
    void Within(string phase, double share, double tokensPerSecond)
    {
    }

    /// <summary>Something the user should know, said once.</summary>
    void Warned(string message);
}
