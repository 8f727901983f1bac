using Rlt.Configuration;
using Rlt.Models;
using Rlt.Planning;
using Rlt.Platform;
using TorchSharp;

namespace Rlt.Cli;

/// <summary>What every command that runs a model does first.</summary>
internal static class Startup
{
    private static int _warned;
    private static int _warnedOfType;

    /// <summary>Loads libtorch, checks the device settings before any weights are read, sets the thread count, and warns of what makes all slower.</summary>
    public static void Prepare(DeviceConfig device)
    {
        TorchLibrary.Load();
        DeviceType place = device.Resolve().type;
        string? slow = Precision.Warning(device.ResolveDtype(), place);
        device.UseThreads();
        WarnOnce();
        if (slow is not null && Interlocked.Exchange(ref _warnedOfType, 1) == 0)
        {
            Console.Error.WriteLine($"warning: {slow}");
        }
    }

    /// <summary>Reads a model, and says on stderr in which types it is held and computed where dtype auto makes that other ones than the stored.</summary>
    public static LanguageModel Load(ModelText text, DeviceConfig device)
    {
        LanguageModel model = LanguageModel.Load(text, device);
        Decoder decoder = model.Decoder;
        if (device.ResolveDtype() is null && (decoder.ActivationType != decoder.Dtype || decoder.Config.WeightType?.ToScalarType() is { } stored && stored != decoder.Dtype))
        {
            Console.Error.WriteLine($"{text.Directory}: {ModelSize.Describe(Precision.Bytes(decoder.Dtype), Precision.Bytes(decoder.ActivationType))}");
        }

        return model;
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
