using System.Globalization;
using static TorchSharp.torch;

namespace Rlt.Platform;

/// <summary>The memory that this process holds.</summary>
public static class ProcessMemory
{
    /// <summary>The most so far, in bytes: of the device where it is a GPU, else resident in main memory.</summary>
    public static long PeakBytes(Device device) =>
        device.type == TorchSharp.DeviceType.CUDA ? MachineMemory.UsedOfCudaDevice() : ResidentPeak();

    // Linux keeps the peak; elsewhere the present value has to do.
    private static long ResidentPeak()
    {
        const string status = "/proc/self/status";
        string? line = File.Exists(status) ? File.ReadLines(status).FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)) : null;
        return line is null ? Environment.WorkingSet : long.Parse(line["VmHWM:".Length..^"kB".Length].Trim(), CultureInfo.InvariantCulture) << 10;
    }
}
