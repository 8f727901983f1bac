using Rlt.Cli.Commands.Tools;
using Rlt.Cli.Launching;

namespace Rlt.Cli;

/// <summary>The line that runs this command once more, to be pasted into a shell.</summary>
internal static class SameCommand
{
    // Set by scripts/rlt: the name that it was called by.
    private const string ProgramVariable = "RLT_PROGRAM";

    /// <summary>The arguments of this process's command.</summary>
    public static IReadOnlyList<string> Arguments { get; set; } = [];

    /// <summary>The program as it was started, with its arguments quoted where a shell needs it.</summary>
    public static string Line() => Line(Arguments);

    /// <summary>The program with other arguments.</summary>
    public static string Line(IEnumerable<string> arguments) =>
        string.Join(' ', [.. JoinedRanks.Started.Concat(Program()).Concat(Launched).Concat(arguments).Select(Quoted)]);

    /// <summary>What starts this program again.</summary>
    public static string[] Process
    {
        get
        {
            string path = Environment.ProcessPath ?? "rlt";
            return Path.GetFileNameWithoutExtension(path) == "dotnet" ? [path, Path.Combine(AppContext.BaseDirectory, "rlt.dll")] : [path];
        }
    }

    // What rlt launch has before the ranks' command.
    private static string[] Launched => Environment.GetEnvironmentVariable(LaunchCommand.OptionsVariable) is { Length: > 0 } options ? options.Split(' ') : [];

    private static string[] Program() => Environment.GetEnvironmentVariable(ProgramVariable) is { Length: > 0 } script ? [script] : Process;

    private static string Quoted(string word) =>
        word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "-_./=:,+@%".Contains(c))
            ? word
            : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
