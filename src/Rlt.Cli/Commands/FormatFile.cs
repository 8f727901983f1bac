using Rlt.Configuration;
using Rlt.Teaching;

namespace Rlt.Cli.Commands;

/// <summary>Format files.</summary>
internal static class FormatFile
{
    /// <summary>The format used where none is named.</summary>
    public const string Default = "stratos";

    private static string Shipped => Path.Combine(AppContext.BaseDirectory, "formats");

    /// <summary>Reads a format: a shipped one by its name ("stratos", "r1", "small"), or a file by its path.</summary>
    /// <exception cref="ConfigException">There is no such format, or the file cannot be used.</exception>
    public static PromptFormat Load(string nameOrPath)
    {
        string shipped = Path.Combine(Shipped, nameOrPath + ".yaml");
        if (File.Exists(nameOrPath) || !File.Exists(shipped))
        {
            return File.Exists(nameOrPath)
                ? ConfigLoader.Load<PromptFormat>(nameOrPath, [])
                : throw new ConfigException($"format: '{nameOrPath}' is neither a file nor a shipped format; expected a path, or one of {string.Join(", ", Directory.GetFiles(Shipped, "*.yaml").Select(Path.GetFileNameWithoutExtension).Order())}.");
        }

        return ConfigLoader.Load<PromptFormat>(shipped, []);
    }
}
