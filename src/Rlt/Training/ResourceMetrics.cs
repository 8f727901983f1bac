using System.Text.Json.Nodes;
using Rlt.Models;
using Rlt.Platform;
using TorchSharp;

namespace Rlt.Training;

/// <summary>What a step leaves behind and took at most, which stays flat over a run that leaks nothing, and how experts were used.</summary>
internal static class ResourceMetrics
{
    /// <summary>
    /// Adds the load of the model's experts, the live tensors of this thread, the process's resident memory, and the peak: of the GPU where the run is on
    /// one.
    /// </summary>
    public static void AddTo(JsonObject metrics, Decoder model)
    {
        if (model.TakeExpertLoad() is { } load)
        {
            metrics["expert_load"] = load;
        }

        metrics["live_tensors"] = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        metrics["resident_mib"] = Environment.WorkingSet >> 20;
        metrics["peak_mib"] = ProcessMemory.PeakBytes(model.Device) >> 20;
    }
}
