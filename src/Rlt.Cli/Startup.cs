using Rlt.Configuration;
using Rlt.Hub;
using Rlt.Models;
using Rlt.Planning;
using Rlt.Platform;

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
        string? slow = Precision.Warning(device.ResolveDtype(), device.Resolve().type);
        device.UseThreads();
        WarnOnce();
        WarnOnce(ref _warnedOfType, slow);
    }

    /// <summary>The model's directory that a path or a Hub id means; says so on stderr where it is a run's folder.</summary>
    public static string ModelAt(string path) => HubPath.Model(ModelPath.Of(path, note => Console.Error.WriteLine($"note: {note}")));

    /// <inheritdoc cref="Load(ModelText, DeviceConfig)"/>
    public static LanguageModel Load(string directory, DeviceConfig device) => Load(ModelText.Load(ModelAt(directory)), device);

    /// <summary>Reads a model, and says on stderr in which types it is held and computed where dtype auto makes that other ones than the stored.</summary>
    public static LanguageModel Load(ModelText text, DeviceConfig device)
    {
        LanguageModel model = LanguageModel.Load(text, device);
        Decoder decoder = model.Decoder;
        if (device.ResolveDtype() is null
            && (decoder.ActivationType != decoder.Dtype || decoder.Config.WeightType?.ToScalarType() is { } stored && stored != decoder.Dtype))
        {
            Console.Error.WriteLine($"{text.Directory}: {ModelSize.Describe(Precision.Bytes(decoder.Dtype), Precision.Bytes(decoder.ActivationType))}");
        }

        return model;
    }

    /// <summary>Warns on stderr, where there is no run to keep it.</summary>
    internal static void Warn(IEnumerable<string> warnings)
    {
        foreach (string warning in warnings)
        {
            Console.Error.WriteLine($"warning: {warning}");
        }
    }

    /// <summary>Says on stderr, once in a process, what makes everything slower on this machine.</summary>
    internal static void WarnOnce() => WarnOnce(ref _warned, TorchLibrary.Warning());

    private static void WarnOnce(ref int warned, string? warning)
    {
        if (warning is not null && Interlocked.Exchange(ref warned, 1) == 0)
        {
            Warn([warning]);
        }
    }
}
