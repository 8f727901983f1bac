namespace Rlt.Cli;

/// <summary>The entry point of the <c>rlt</c> command.</summary>
internal static class Program
{
    /// <summary>Runs the command.</summary>
    internal static int Main() => 0;
}
