using System.Text.Json.Nodes;
using Rlt.Training;

namespace Rlt.Tests.Training;

/// <summary>An observer that keeps what it is told and can act after a step.</summary>
internal sealed class RunWatcher(Action<int>? afterStep = null) : IRunObserver
{
    public List<(int Done, int Total)> Starts { get; } = [];

    public List<JsonObject> Steps { get; } = [];

    public void Started(int done, int total) => Starts.Add((done, total));

    public void Stepped(JsonObject metrics)
    {
        Steps.Add(metrics);
        afterStep?.Invoke(metrics["step"]!.GetValue<int>());
    }

    public List<(string Name, double Share, double TokensPerSecond)> Phases { get; } = [];

    public void Within(string phase, double share, double tokensPerSecond) => Phases.Add((phase, share, tokensPerSecond));

    public List<string> Warnings { get; } = [];

    public void Warned(string message) => Warnings.Add(message);
}
