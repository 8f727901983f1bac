using Rlt.Teaching;

namespace Rlt.Cli.Commands;

/// <summary>Format files.</summary>
internal static class FormatFile
{
    /// <summary>The format used where none is named.</summary>
    public const string Default = "stratos";

    /// <summary>Reads a format: a shipped one by its name ("stratos", "r1", "small"), or a file by its path.</summary>
    /// <exception cref="ConfigException">There is no such format, or the file cannot be used.</exception>
    public static PromptFormat Load(string nameOrPath) => ShippedFile.Load<PromptFormat>("format", "formats", nameOrPath);
}
