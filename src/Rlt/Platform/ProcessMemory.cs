using System.Globalization;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Rlt.Platform;

/// <summary>The memory that this process holds.</summary>
public static partial class ProcessMemory
{
    /// <summary>The most so far, in bytes: of the device where it is a GPU, else resident in main memory.</summary>
    public static long PeakBytes(Device device) =>
        device.type == TorchSharp.DeviceType.CUDA ? MachineMemory.UsedOfCudaDevice() : ResidentPeak();

    /// <summary>Gives the memory of freed blocks that lie between blocks in use back to the system; the heap itself only ever shrinks at its end.</summary>
    internal static void ReleaseFreed()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = malloc_trim(0);
        }
    }

    [LibraryImport("libc")]
    private static partial int malloc_trim(nuint kept);

    // Linux keeps the peak; elsewhere the present value has to do.
    private static long ResidentPeak()
    {
        const string status = "/proc/self/status";
        string? line = File.Exists(status) ? File.ReadLines(status).FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)) : null;
        return line is null ? Environment.WorkingSet : long.Parse(line["VmHWM:".Length..^"kB".Length].Trim(), CultureInfo.InvariantCulture) << 10;
    }
}
