using System.Diagnostics;
using System.Text.Json.Nodes;
using Rlt.Models;

namespace Rlt.Training;

/// <summary>Seconds of a step by phase, and tokens a second of the phases that work through tokens.</summary>
/// <param name="observer">Follows the phases as they go on; null: nobody.</param>
internal sealed class PhaseClock(IRunObserver? observer = null)
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly OrderedDictionary<string, (double Seconds, long Tokens)> _phases = [];
    private double _before;

    /// <summary>Tells the observer of a phase that goes on.</summary>
    public WorkProgress During(string phase) =>
        (share, tokens) => observer?.Within(phase, share, tokens / Math.Max(1e-3, _clock.Elapsed.TotalSeconds - _before));

    /// <summary>Ends a phase; the next begins. A phase that comes again adds to its seconds and tokens.</summary>
    /// <param name="phase">Its name.</param>
    /// <param name="tokens">Tokens it worked through; 0 where that says nothing.</param>
    public void End(string phase, long tokens = 0)
    {
        double now = _clock.Elapsed.TotalSeconds;
        (double seconds, long before) = _phases.GetValueOrDefault(phase);
        _phases[phase] = (seconds + now - _before, before + tokens);
        _before = now;
    }

    /// <summary>Adds the seconds of each phase, their sum, and the tokens a second.</summary>
    public void AddTo(JsonObject metrics)
    {
        foreach ((string phase, (double seconds, long tokens)) in _phases)
        {
            metrics[$"seconds_{phase}"] = Math.Round(seconds, 4);
            if (tokens > 0)
            {
                metrics[$"{phase}_tokens_per_second"] = Math.Round(tokens / seconds, 1);
            }
        }

        metrics["step_seconds"] = Math.Round(_before, 4);
    }
}
