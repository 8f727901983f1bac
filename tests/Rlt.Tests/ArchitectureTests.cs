using System.Reflection;
using System.Text.RegularExpressions;
using Rlt.Grading;
using Rlt.Models;
using Rlt.Text.Tokenization;

namespace Rlt.Tests;

/// <summary>Rooms depend downward: what a file names is of its own room or of one below it.</summary>
public sealed class ArchitectureTests
{
    // The projects below the main one, its rooms, and the room of a room that may name more than that.
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Rlt.Text"] = [],
        ["Rlt.Grading"] = ["Text"],
        ["Rlt.Serving"] = ["Models", "Generation", "Text", "Statistics"],
        ["Files"] = [],
        ["Statistics"] = [],
        ["Charts"] = [],
        ["Pages"] = [],
        ["Data"] = ["Files"],
        ["Hub"] = ["Data", "Files"],
        ["Runs"] = ["Data", "Files", "Hub"],
        ["Platform"] = ["TorchSharp"],
        ["Distributed"] = ["TorchSharp", "Platform"],
        ["Configuration"] = ["Platform", "Distributed", "Data", "Hub"],
        ["SmallWorld"] = [],
        ["Models"] = ["TorchSharp", "Platform", "Distributed", "Text", "Files", "Hub"],
        ["Planning"] = ["Distributed", "Models"],
        ["Generation"] = ["TorchSharp", "Platform", "Distributed", "Models", "Text", "Statistics"],
        ["Servers"] = ["Models", "Text", "Configuration"],
        ["Teaching"] = ["Distributed", "Servers", "Generation", "Models", "Text", "Data", "Runs", "Configuration", "Statistics", "Hub"],
        ["Evaluation"] = ["Distributed", "Grading", "Teaching", "Servers", "Generation", "Models", "Text", "Data", "Runs", "Files", "Pages", "Configuration", "Statistics"],
        ["Training"] = ["TorchSharp", "Platform", "Distributed", "Teaching", "Generation", "Planning", "Models", "Text", "Data", "Runs", "Files", "Configuration", "Statistics"],
        ["Training/Solver"] = ["Evaluation", "Grading"],
        ["Training/OnPolicy"] = ["Evaluation", "Servers"],
        ["Benchmarks"] = ["TorchSharp", "Platform", "Distributed", "Training", "Generation", "Planning", "Models", "Statistics"],
        ["RunPlans"] = ["Distributed", "Benchmarks", "Training", "Evaluation", "Teaching", "Planning", "Platform", "Models", "Data", "Configuration"],
        ["Studies"] = ["Evaluation", "Data", "Runs", "Configuration", "Statistics"],
        ["Reports"] = ["Studies", "Evaluation", "Data", "Runs", "Files", "Pages", "Charts", "Configuration", "Statistics"],
    };

    // Single files that reach elsewhere, each for a reason.
    private static readonly Dictionary<string, string> Exceptions = new()
    {
        ["Configuration/DeviceConfig.cs TorchSharp"] = "turns the config's words into a device and a dtype",
        ["Configuration/OptimizerConfig.cs Training"] = "the schedule's kind and the optimizer's constants are config values",
        ["Models/Adapters/LoraConfig.cs Configuration"] = "a config section, and what the adapters of a directory are",
        ["Models/LanguageModel.cs Configuration"] = "loads onto the configured device",
    };

    public static TheoryData<string> Rooms => [.. Allowed.Keys];

    private static string Source => Path.Combine(Golden.RepositoryRoot, "src");

    [Theory]
    [MemberData(nameof(Rooms))]
    public void Room_References_GoDownward(string room)
    {
        string outer = room.Split('/')[0];
        string[] allowed = [outer.Replace("Rlt.", "", StringComparison.Ordinal), .. Allowed[outer], .. Allowed[room]];
        string[] inner = [.. Allowed.Keys.Where(other => other.StartsWith(room + "/", StringComparison.Ordinal)).Select(Folder)];
        string[] upward = [.. Files(Folder(room))
            .Where(file => !inner.Any(folder => file.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal)))
            .SelectMany(file => References(file).Where(target => !allowed.Contains(target)).Select(target => $"{Name(file)} {target}"))
            .Distinct()
            .Where(reference => !Exceptions.ContainsKey(reference))];
        Assert.Empty(upward);
    }

    [Fact]
    public void Rooms_AreAllListed()
    {
        Assert.Equal(Allowed.Keys.Where(room => !room.StartsWith("Rlt.", StringComparison.Ordinal) && !room.Contains('/', StringComparison.Ordinal)).Order(StringComparer.Ordinal), Folders(Path.Combine(Source, "Rlt")));
        Assert.Equal(["Rlt", "Rlt.Cli", "Rlt.Grading", "Rlt.Kernels", "Rlt.Serving", "Rlt.Text"], Folders(Source));
    }

    [Fact]
    public void TextAndGrading_AreProjects_WithoutTensors()
    {
        Assert.DoesNotContain(typeof(Tokenizer).Assembly.GetReferencedAssemblies(), assembly => assembly.Name is "TorchSharp" or "Rlt.Core" or "Rlt.Grading");
        Assert.DoesNotContain(typeof(AnswerGrader).Assembly.GetReferencedAssemblies(), assembly => assembly.Name is "TorchSharp" or "Rlt.Core");
    }

    /// <summary>What runs an algorithm does not know what it is used for.</summary>
    [Fact]
    public void Methods_DoNotKnowTeacherAndSolver() => Assert.DoesNotContain(
        new[] { "Grpo", "Sft", "Optimization" }.SelectMany(folder => Files(Folder("Training/" + folder))),
        file => Regex.IsMatch(Code(file), @"\bRlt\.Training\.(Teacher|Solver|OnPolicy)\b"));

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
    [InlineData(@"\btorch\.optim\b", "keeps bfloat16 moments: Training/Optimization/AdamW")]
    public void TorchSharp_CallsThatGoWrong_AreNotMade(string call, string instead)
    {
        string[] files = [.. new[] { "Rlt", "Rlt.Cli" }.SelectMany(folder => Files(Path.Combine(Source, folder))).Where(file => Regex.IsMatch(Code(file), call)).Select(file => Path.GetRelativePath(Source, file))];
        Assert.True(files.Length == 0, $"{string.Join(", ", files)}: {instead}");
    }

    [Fact]
    public void Libraries_KnowNothingOfTheCommandLine() =>
        Assert.DoesNotContain(new[] { "Rlt.Text", "Rlt.Grading", "Rlt.Serving", "Rlt" }.SelectMany(project => Files(Path.Combine(Source, project))), file => Regex.IsMatch(Code(file), @"\bRlt\.Cli\b|System\.CommandLine|Spectre\.Console|\bConsole\."));

    [Fact]
    public void OtherRooms_DoNotUseTensors() => Assert.DoesNotContain(
        new[] { "Files", "Statistics", "Charts", "Pages", "Data", "Hub", "Runs", "SmallWorld", "Teaching", "Evaluation", "RunPlans", "Studies", "Reports" }.SelectMany(room => Files(Folder(room))),
        file => Code(file).Contains("TorchSharp", StringComparison.Ordinal));

    [Fact]
    public void Namespaces_FollowTheFolders()
    {
        foreach (string root in new[] { Source, Path.Combine(Golden.RepositoryRoot, "tests") })
        {
            foreach (string file in Files(root))
            {
                string folder = Path.GetRelativePath(root, Path.GetDirectoryName(file)!).Replace(Path.DirectorySeparatorChar, '.');
                Assert.Equal(folder, Regex.Match(File.ReadAllText(file), @"^namespace ([\w.]+);", RegexOptions.Multiline).Groups[1].Value);
            }
        }
    }

    [Fact]
    public void TypeNames_AreGivenOnce()
    {
        Assembly[] assemblies = [typeof(Tokenizer).Assembly, typeof(AnswerGrader).Assembly, typeof(Decoder).Assembly, typeof(Rlt.Serving.CompletionServer).Assembly, typeof(Rlt.Cli.Program).Assembly];
        string[] twice = [.. assemblies.SelectMany(assembly => assembly.GetTypes())
            .Where(type => !type.IsNested && type.Namespace?.StartsWith("Rlt.", StringComparison.Ordinal) == true)
            .GroupBy(type => type.Name)
            .Where(types => types.Count() > 1)
            .SelectMany(types => types.Select(type => type.FullName!))];
        Assert.Empty(twice);
    }

    [Fact]
    public void Sources_NoTodosOrBareExceptions() => Assert.DoesNotContain(
        Files(Source), file => Regex.IsMatch(Code(file), @"\bTODO\b|\bFIXME\b|new Exception\(|catch\s*\{\s*\}"));

    private static IEnumerable<string> Files(string folder) =>
        Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).Where(file => !Regex.IsMatch(file, @"[\\/](obj|bin)[\\/]"));

    private static string Folder(string room) => room.StartsWith("Rlt.", StringComparison.Ordinal) ? Path.Combine(Source, room) : Path.Combine([Source, "Rlt", .. room.Split('/')]);

    private static IEnumerable<string> Folders(string folder) =>
        Directory.GetDirectories(folder).Select(name => Path.GetFileName(name)).Where(name => name is not ("bin" or "obj")).Order(StringComparer.Ordinal);

    private static string Name(string file) => Path.GetRelativePath(Path.Combine(Source, "Rlt"), file).Replace(Path.DirectorySeparatorChar, '/');

    // The code without its namespace and doc comments, which may speak of anything.
    private static string Code(string file) =>
        string.Join('\n', File.ReadLines(file).Where(line => !line.StartsWith("namespace ", StringComparison.Ordinal) && !line.TrimStart().StartsWith("///", StringComparison.Ordinal)));

    private static IEnumerable<string> References(string file) =>
        Regex.Matches(Code(file), @"\bRlt\.([A-Z]\w+)|\b(TorchSharp)\b").Select(match => match.Groups[1].Success ? match.Groups[1].Value : match.Groups[2].Value);
}
