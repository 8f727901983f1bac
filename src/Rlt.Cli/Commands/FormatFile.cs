using Rlt.Configuration;
using Rlt.Teaching;

namespace Rlt.Cli.Commands;

/// <summary>Format files.</summary>
internal static class FormatFile
{
    /// <summary>The format used where none is named: shipped beside the program.</summary>
    public static string Default => Path.Combine(AppContext.BaseDirectory, "formats", "stratos.yaml");

    /// <summary>Reads a format file.</summary>
    public static PromptFormat Load(string path) => ConfigLoader.Load<PromptFormat>(path, []);
}
