using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Rlt.Training;

/// <summary>Seconds of a step by phase.</summary>
internal sealed class PhaseClock
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly OrderedDictionary<string, double> _phases = [];
    private double _before;

    /// <summary>Ends a phase; the next begins. A phase that comes again adds to its seconds.</summary>
    public void End(string phase)
    {
        double now = _clock.Elapsed.TotalSeconds;
        _phases[phase] = _phases.GetValueOrDefault(phase) + now - _before;
        _before = now;
    }

    /// <summary>Adds the seconds of each phase, their sum, and sampled tokens a second.</summary>
    public void AddTo(JsonObject metrics, int sampledTokens)
    {
        foreach ((string phase, double seconds) in _phases)
        {
            metrics[$"seconds_{phase}"] = Math.Round(seconds, 4);
        }

        metrics["step_seconds"] = Math.Round(_before, 4);
        metrics["sampled_tokens_per_second"] = Math.Round(sampledTokens / _phases["sample"], 1);
    }
}
