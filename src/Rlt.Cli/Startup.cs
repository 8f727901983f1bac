using Rlt.Configuration;
using Rlt.Platform;

namespace Rlt.Cli;

/// <summary>What every command that runs a model does first.</summary>
internal static class Startup
{
    /// <summary>Checks the device settings before anything is loaded, sets the thread count, and warns of a slow BLAS.</summary>
    public static void Prepare(DeviceConfig device)
    {
        device.ResolveDtype();
        device.Resolve();
        device.UseThreads();
        if (TorchLibrary.BlasWarning() is { } warning)
        {
            Console.Error.WriteLine($"warning: {warning}");
        }
    }
}
