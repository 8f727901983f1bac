using System.Text.Json.Nodes;
using TorchSharp;

namespace Rlt.Training;

/// <summary>What a step leaves behind; both stay flat over a run that leaks nothing.</summary>
internal static class ResourceMetrics
{
    /// <summary>Adds the live tensors of this thread and the process's resident memory.</summary>
    public static void AddTo(JsonObject metrics)
    {
        metrics["live_tensors"] = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        metrics["resident_mib"] = Environment.WorkingSet >> 20;
    }
}
