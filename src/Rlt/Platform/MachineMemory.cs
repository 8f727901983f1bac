using System.Globalization;
using System.Runtime.InteropServices;

namespace Rlt.Platform;

/// <summary>How much memory this machine has for a process.</summary>
public static partial class MachineMemory
{
    /// <summary>Bytes of main memory, of the container where there is one. Always the same on one machine.</summary>
    public static long Total => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>Bytes of main memory that are free now or can be made free without swapping.</summary>
    public static long Available
    {
        get
        {
            const string file = "/proc/meminfo";
            string? line = File.Exists(file) ? File.ReadLines(file).FirstOrDefault(line => line.StartsWith("MemAvailable:", StringComparison.Ordinal)) : null;
            return line is null ? Total : Math.Min(
                Total, long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10);
        }
    }

    /// <summary>Bytes of a CUDA device, used or not, as its driver tells; null where there is no such device.</summary>
    public static long? OfCudaDevice(int index)
    {
        try
        {
            return cuInit(0) == 0 && cuDeviceGet(out int device, index) == 0 && cuDeviceTotalMem_v2(out nuint bytes, device) == 0 ? (long)bytes : null;
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Bytes in use on the CUDA device that this thread works on. libtorch does not give memory back, so this is its peak too.</summary>
    public static long UsedOfCudaDevice() => cuMemGetInfo_v2(out nuint free, out nuint total) == 0 ? (long)(total - free) : 0;

    [LibraryImport("libcuda.so.1")]
    private static partial int cuInit(uint flags);

    [LibraryImport("libcuda.so.1")]
    private static partial int cuMemGetInfo_v2(out nuint free, out nuint total);

    [LibraryImport("libcuda.so.1")]
    private static partial int cuDeviceGet(out int device, int ordinal);

    [LibraryImport("libcuda.so.1")]
    private static partial int cuDeviceTotalMem_v2(out nuint bytes, int device);
}
