using System.Text.Json.Nodes;
using Rlt.Platform;
using TorchSharp;

namespace Rlt.Training;

/// <summary>What a step leaves behind and took at most; all stay flat over a run that leaks nothing.</summary>
internal static class ResourceMetrics
{
    /// <summary>Adds the live tensors of this thread, the process's resident memory, and the peak: of the GPU where the run is on one.</summary>
    public static void AddTo(JsonObject metrics, torch.Device device)
    {
        metrics["live_tensors"] = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        metrics["resident_mib"] = Environment.WorkingSet >> 20;
        metrics["peak_mib"] = ProcessMemory.PeakBytes(device) >> 20;
    }
}
