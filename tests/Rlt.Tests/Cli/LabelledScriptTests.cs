using System.Diagnostics;

namespace Rlt.Tests.Cli;

/// <summary>The script by which jobs side by side are told apart.</summary>
public sealed class LabelledScriptTests
{
    [Fact]
    public async Task Labelled_Command_HasItsLabelOnStandardErrorAndItsExitCode()
    {
        var start = new ProcessStartInfo(Path.Combine(Golden.RepositoryRoot, "scripts", "labelled.sh"), ["teacher", "sh", "-c", "echo one >&2; echo out; printf two >&2; exit 3"])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using Process script = Process.Start(start)!;
        Task<string> errors = script.StandardError.ReadToEndAsync();
        Assert.Equal("out\n", await script.StandardOutput.ReadToEndAsync());
        await script.WaitForExitAsync();
        Assert.Equal(("teacher: one\nteacher: two\n", 3), (await errors, script.ExitCode));
    }

    [Fact]
    public void Quickstart_JobsSideBySide_AreLabelled() => Assert.Contains(
        "local rlt=\"scripts/labelled.sh $1 $rlt\"", File.ReadAllText(Path.Combine(Golden.RepositoryRoot, "scripts", "quickstart.sh")), StringComparison.Ordinal);
}
