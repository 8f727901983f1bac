using Spectre.Console;
using Spectre.Console.Rendering;

namespace Rlt.Cli;

/// <summary>Writes tables and the like to standard output as it is at that moment; Spectre's own console keeps the first one it saw.</summary>
internal static class Terminal
{
    public static void Write(IRenderable content) =>
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) }).Write(content);
}
