using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Rlt.Training;

/// <summary>How long a run still takes, by the mean step since it began or was resumed.</summary>
/// <param name="done">Steps done before.</param>
/// <param name="total">Steps of the whole run.</param>
internal sealed class RemainingTime(int done, int total)
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    /// <summary>Adds <c>eta_seconds</c> after a step.</summary>
    /// <param name="metrics">The step's metrics.</param>
    /// <param name="steps">Steps done.</param>
    public void AddTo(JsonObject metrics, int steps) =>
        metrics["eta_seconds"] = Math.Round(_clock.Elapsed.TotalSeconds / (steps - done) * (total - steps), 1);
}
