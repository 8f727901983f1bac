using Rlt.Configuration;
using Rlt.Runs;

namespace Rlt.Cli;

/// <summary>Opens the folder of a run by its config.</summary>
internal static class ConfiguredRun
{
    /// <summary>A new folder, or one whose earlier run had the same config; one that lacks settings which have come since had their defaults.</summary>
    /// <exception cref="ConfigException">As <see cref="RunFolder.Open"/>.</exception>
    public static RunFolder Open<T>(string path, T config)
        where T : class
    {
        var folder = RunFolder.Open(path, ConfigWriter.ToYaml(config), file => ConfigWriter.ToYaml(ConfigLoader.Load<T>(file, [])));
        StopSignals.Saves(folder);
        return folder;
    }
}
