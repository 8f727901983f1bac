using Rlt.Configuration;
using Rlt.Platform;

namespace Rlt.Cli;

/// <summary>What every command that runs a model does first.</summary>
internal static class Startup
{
    /// <summary>Loads libtorch, checks the device settings before any weights are read, sets the thread count, and warns of what makes all slower.</summary>
    public static void Prepare(DeviceConfig device)
    {
        TorchLibrary.Load();
        device.ResolveDtype();
        device.Resolve();
        device.UseThreads();
        if (TorchLibrary.Warning() is { } warning)
        {
            Console.Error.WriteLine($"warning: {warning}");
        }
    }
}
