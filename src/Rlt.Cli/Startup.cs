using Rlt.Configuration;
using Rlt.Platform;

namespace Rlt.Cli;

/// <summary>What every command that runs a model does first.</summary>
internal static class Startup
{
    private static int _warned;

    /// <summary>Loads libtorch, checks the device settings before any weights are read, sets the thread count, and warns of what makes all slower.</summary>
    public static void Prepare(DeviceConfig device)
    {
        TorchLibrary.Load();
        device.ResolveDtype();
        device.Resolve();
        device.UseThreads();
        WarnOnce();
    }

    /// <summary>Says on stderr, once in a process, what makes everything slower on this machine.</summary>
    internal static void WarnOnce()
    {
        if (TorchLibrary.Warning() is { } warning && Interlocked.Exchange(ref _warned, 1) == 0)
        {
            Console.Error.WriteLine($"warning: {warning}");
        }
    }
}
