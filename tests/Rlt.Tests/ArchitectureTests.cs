using System.Text.RegularExpressions;

namespace Rlt.Tests;

/// <summary>Folders depend downward: what a file names is of its own folder or of one below it.</summary>
public sealed class ArchitectureTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Text"] = [],
        ["Data"] = ["Runs"],
        ["Runs"] = ["Data"],
        ["Platform"] = ["TorchSharp"],
        ["Configuration"] = ["Platform"],
        ["SmallWorld"] = ["Data", "Runs"],
        ["Models"] = ["TorchSharp", "Platform", "Text", "Data", "Runs"],
        ["Planning"] = ["Models"],
        ["Generation"] = ["TorchSharp", "Platform", "Models", "Text"],
        ["Teaching"] = ["Generation", "Models", "Text", "Data", "Runs", "Configuration"],
        ["Training"] = ["TorchSharp", "Platform", "Teaching", "Generation", "Planning", "Models", "Text", "Data", "Runs", "Configuration"],
        ["Benchmarks"] = ["TorchSharp", "Platform", "Training", "Generation", "Planning", "Models"],
        ["Studies"] = ["Evaluation", "Data", "Runs", "Configuration"],
        ["Evaluation"] = ["Teaching", "Generation", "Models", "Text", "Data", "Runs", "Configuration"],
        ["Solving"] = ["Training", "Evaluation", "Teaching", "Generation", "Models", "Runs", "Configuration"],
    };

    // Single files that reach elsewhere, each for a reason.
    private static readonly Dictionary<string, string> Exceptions = new()
    {
        ["Configuration/DeviceConfig.cs TorchSharp"] = "turns the config's words into a device and a dtype",
        ["Configuration/OptimizerConfig.cs Training"] = "the schedule's kind and the optimizer's constants are config values",
        ["Models/Adapters/LoraConfig.cs Configuration"] = "a config section, and what the adapters of a directory are",
        ["Models/LanguageModel.cs Configuration"] = "loads onto the configured device",
    };

    public static TheoryData<string> Folders => [.. Allowed.Keys];

    private static string Source => Path.Combine(Golden.RepositoryRoot, "src");

    [Theory]
    [MemberData(nameof(Folders))]
    public void Folder_References_GoDownward(string folder)
    {
        (string File, string Target)[] references = [.. Files(Path.Combine(Source, "Rlt", folder)).SelectMany(file => References(file).Select(target => (Name(file), target)))];
        string[] upward = [.. references
            .Where(reference => reference.Target != folder && !Allowed[folder].Contains(reference.Target))
            .Select(reference => $"{reference.File} {reference.Target}")
            .Distinct()
            .Where(reference => !Exceptions.ContainsKey(reference))];
        Assert.Empty(upward);
    }

    [Fact]
    public void Folders_OfTheLibrary_AreAllListed() => Assert.Equal(
        Allowed.Keys.Order(StringComparer.Ordinal),
        Directory.GetDirectories(Path.Combine(Source, "Rlt")).Select(Path.GetFileName).Where(name => name is not ("bin" or "obj")).Order(StringComparer.Ordinal));

    [Fact]
    public void Exceptions_AreAllNeeded()
    {
        string[] unneeded = [.. Exceptions.Keys.Where(exception =>
        {
            string[] parts = exception.Split(' ');
            return !References(Path.Combine(Source, "Rlt", parts[0])).Contains(parts[1]);
        })];
        Assert.Empty(unneeded);
    }

    /// <summary>Calls of TorchSharp 0.107 that end the process on a native error, or compute something else than they say.</summary>
    [Theory]
    [InlineData(@"\.matmul\(", "its errors end the process: mm, bmm or Linear.Product")]
    [InlineData(@"autograd\.(grad|backward)\(", "its errors end the process: Tensor.backward")]
    [InlineData(@"\.(sum|mean|prod|std|var)\(0[),]", "takes the number for a dtype: pass a list of dimensions")]
    [InlineData(@"nn\.functional\.kl_div\(", "expects log-probabilities as targets")]
    [InlineData(@"\bEmbedding\([^)]*sparse|nn\.Embedding\(", "its gradients saturate in bfloat16: index_select")]
    [InlineData(@"\btorch\.optim\b", "keeps bfloat16 moments: Training/AdamW")]
    public void TorchSharp_CallsThatGoWrong_AreNotMade(string call, string instead)
    {
        string[] files = [.. new[] { "Rlt", "Rlt.Cli" }.SelectMany(folder => Files(Path.Combine(Source, folder))).Where(file => Regex.IsMatch(Code(file), call)).Select(file => Path.GetRelativePath(Source, file))];
        Assert.True(files.Length == 0, $"{string.Join(", ", files)}: {instead}");
    }

    [Fact]
    public void Library_KnowsNothingOfTheCommandLine() =>
        Assert.DoesNotContain(Files(Path.Combine(Source, "Rlt")), file => Regex.IsMatch(Code(file), @"\bRlt\.Cli\b|System\.CommandLine|Spectre\.Console|\bConsole\."));

    [Fact]
    public void TextAndTeaching_DoNotUseTensors() => Assert.DoesNotContain(
        new[] { "Text", "Teaching", "Evaluation", "Data", "Runs", "SmallWorld" }.SelectMany(folder => Files(Path.Combine(Source, "Rlt", folder))),
        file => Code(file).Contains("TorchSharp", StringComparison.Ordinal));

    [Fact]
    public void Namespaces_FollowTheFolders()
    {
        foreach (string file in Files(Path.Combine(Source, "Rlt")))
        {
            string folder = Path.GetRelativePath(Source, Path.GetDirectoryName(file)!).Replace(Path.DirectorySeparatorChar, '.');
            Assert.Equal(folder, Regex.Match(File.ReadAllText(file), @"^namespace ([\w.]+);", RegexOptions.Multiline).Groups[1].Value);
        }
    }

    [Fact]
    public void Sources_NoTodosOrBareExceptions() => Assert.DoesNotContain(
        Files(Source), file => Regex.IsMatch(Code(file), @"\bTODO\b|\bFIXME\b|new Exception\(|catch\s*\{\s*\}"));

    private static IEnumerable<string> Files(string folder) =>
        Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).Where(file => !Regex.IsMatch(file, @"[\\/](obj|bin)[\\/]"));

    private static string Name(string file) => Path.GetRelativePath(Path.Combine(Source, "Rlt"), file).Replace(Path.DirectorySeparatorChar, '/');

    // The code without its namespace and doc comments, which may speak of anything.
    private static string Code(string file) =>
        string.Join('\n', File.ReadLines(file).Where(line => !line.StartsWith("namespace ", StringComparison.Ordinal) && !line.TrimStart().StartsWith("///", StringComparison.Ordinal)));

    private static IEnumerable<string> References(string file) =>
        Regex.Matches(Code(file), @"\bRlt\.([A-Z]\w+)|\b(TorchSharp)\b").Select(match => match.Groups[1].Success ? match.Groups[1].Value : match.Groups[2].Value);
}
