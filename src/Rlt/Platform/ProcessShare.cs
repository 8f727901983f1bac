using System.Globalization;
using static TorchSharp.torch;

namespace Rlt.Platform;

/// <summary>What of this machine is this process's: all of it, unless other ranks of the same run are on it.</summary>
public static class ProcessShare
{
    private static int _divisor = 1;
    private static int _localRank = -1;

    /// <summary>The cores that the system lets this process run on, as ranges of their numbers; empty where the system does not say.</summary>
    public static string Cores
    {
        get
        {
            const string file = "/proc/self/status", key = "Cpus_allowed_list:";
            return File.Exists(file)
                ? File.ReadLines(file).FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal))?[key.Length..].Trim() ?? ""
                : "";
        }
    }

    /// <summary>Threads that compute where none are asked for: one a core, those that others share divided among them.</summary>
    public static int Threads => Math.Max(1, Environment.ProcessorCount / _divisor);

    /// <summary>The number of the CUDA device where none is asked for: the rank's number on its machine; −1 for the current one.</summary>
    /// <remarks>Where a launcher shows each rank one device, that one.</remarks>
    public static int CudaDevice => _localRank >= 0 && IsShownOne ? 0 : _localRank;

    private static bool IsShownOne =>
        int.TryParse(Environment.GetEnvironmentVariable("CUDA_VISIBLE_DEVICES"), NumberStyles.None, CultureInfo.InvariantCulture, out _)
        && cuda.device_count() == 1;

    /// <summary>Other ranks are on this machine.</summary>
    /// <param name="localRank">This one's number among them.</param>
    /// <param name="onSameCores">The ranks, this one with them, that run on the same cores.</param>
    public static void Take(int localRank, int onSameCores) => (_localRank, _divisor) = (localRank, onSameCores);
}
