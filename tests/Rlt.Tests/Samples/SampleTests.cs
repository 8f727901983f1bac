using Rlt.Tests.Data;

namespace Rlt.Tests.Samples;

/// <summary>The packages' README files show samples that compile and run.</summary>
public sealed class SampleTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("Rlt.Text", "TextSample")]
    [InlineData("Rlt.Grading", "GradingSample")]
    [InlineData("Rlt", "EngineSample")]
    public void Readme_ShowsTheCompiledSample(string project, string sample)
    {
        string[] source = File.ReadAllLines(Path.Combine(Golden.RepositoryRoot, "tests", "Rlt.Tests", "Samples", sample + ".cs"));
        string[] usings = [.. source.Where(line => line.StartsWith("using Rlt.", StringComparison.Ordinal))];
        string[] body = [.. source.SkipWhile(line => line.Trim() != "// begin").Skip(1).TakeWhile(line => line.Trim() != "// end")
            .Select(line => line.Length > 8 ? line[8..] : "")];
        string shown = $"```csharp\n{string.Join('\n', [.. usings, "", .. body])}\n```\n";
        Assert.Contains(shown, File.ReadAllText(Path.Combine(Golden.RepositoryRoot, "src", project, "README.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void Samples_Run()
    {
        string directory = TinyDirectory.Write(_scratch["model"], scale: 6);
        Assert.StartsWith("<|im_start|>user\nWhy is the sky blue?", TextSample.Run(directory), StringComparison.Ordinal);
        Assert.Equal([true, true, false], GradingSample.Run());
        Assert.Equal(2, EngineSample.Run(directory).Distinct().Count());
    }
}
