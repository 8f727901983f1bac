using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Rlt.Cli.Commands;
using Rlt.Cli.Commands.Tools;
using Rlt.Configuration;
using Rlt.Training.Teacher;

namespace Rlt.Tests.Cli;

/// <summary><c>rlt config</c>, and what help and README say of settings.</summary>
public sealed class ConfigCommandTests : IDisposable
{
    private readonly CommandLine _rlt = new();

    public static TheoryData<string> Commands => [.. CommandSettings.All.Select(settings => settings.Name)];

    public void Dispose() => _rlt.Dispose();

    [Theory]
    [MemberData(nameof(Commands))]
    public void Config_AnyCommand_SaysOfEveryKeyWhatItIs(string command)
    {
        CommandResult result = _rlt.Run("config", command);
        Assert.Equal((0, ""), (result.Exit, result.Errors));
        string[] lines = result.Output.Split('\n');
        foreach (string key in ConfigSchema.AllKeys(CommandSettings.Of(command)!.Record))
        {
            string name = key[(key.LastIndexOf('.') + 1)..];
            int[] at = [.. Enumerable.Range(0, lines.Length).Where(i => Regex.IsMatch(lines[i], $@"^[# ]*{name}:( |$)"))];
            Assert.NotEmpty(at);
            Assert.All(at, i => Assert.Matches("^[# ]*# ", lines[i - 1]));
        }

        Assert.DoesNotContain(lines, line => line.EndsWith("; source: ", StringComparison.Ordinal) || line.Contains("P:Rlt", StringComparison.Ordinal));
    }

    [Fact]
    public void Config_TrainTeacher_HasTypeDefaultRangeMeaningAndSource()
    {
        string text = _rlt.Run("config", "train-teacher").Output;
        Assert.Contains("""
            # Completions sampled for each question: a group.
            # whole number; 2 or more; default 64; source: RLT (arXiv 2506.08388): the default of train-teacher is its run's
            group_size: 64

            """, text, StringComparison.Ordinal);
        Assert.Contains("  # number; more than 0; required; source: AdamW (arXiv 1711.05101)\n  learning_rate:\n", text, StringComparison.Ordinal);
        Assert.Contains("# number; 0 to 1; default 0.9; ", text, StringComparison.Ordinal);
        Assert.Contains("  # number; 0 to below 1; default 0.999; ", text, StringComparison.Ordinal);
        Assert.Contains("  # number; 0 or less; default -1; ", text, StringComparison.Ordinal);
        Assert.Contains("# one of constant, linear, cosine; default constant; ", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Config_FilledIn_IsTheDefaults()
    {
        string file = _rlt.Write("mine.yaml", _rlt.Run("config", "train-teacher").Output);
        string[] given = ["model=m", "student=s", "data=d", "out=o", "format=small", "optimizer.learning_rate=1e-5"];
        TeacherConfig filled = ConfigLoader.Load<TeacherConfig>(file, given);
        Assert.Equal(ConfigWriter.ToYaml(ConfigLoader.Load<TeacherConfig>(null, given)), ConfigWriter.ToYaml(filled));
    }

    [Fact]
    public void Config_NotFilledIn_NamesWhatIsMissingByItsLine()
    {
        string file = _rlt.Write("mine.yaml", _rlt.Run("config", "train-teacher").Output);
        CommandResult result = _rlt.Run("train-teacher", "--config", file);
        Assert.Equal(2, result.Exit);
        Assert.Equal(6, result.Message.Split('\n').Length);
        Assert.Contains("optimizer.learning_rate is empty; expected a finite number.", result.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("traim-teacher", "'traim-teacher' has no config; did you mean 'train-teacher'?")]
    [InlineData("grade", "'grade' has no config; expected one of warmup, distill, ")]
    public void Config_OtherCommand_IsRefused(string name, string message)
    {
        CommandResult result = _rlt.Run("config", name);
        Assert.Equal(2, result.Exit);
        Assert.StartsWith(message, result.Message, StringComparison.Ordinal);
    }

    // After a change of settings: for c in warmup … ; do scripts/rlt config $c --schema > configs/schemas/$c.json; done
    [Theory]
    [MemberData(nameof(Commands))]
    public void Schema_AnyCommand_IsTheShippedOne(string command)
    {
        CommandResult result = _rlt.Run("config", command, "--schema");
        Assert.Equal(File.ReadAllText(Path.Combine(Golden.RepositoryRoot, "configs", "schemas", command + ".json")), result.Output);
        Assert.Equal(result.Output, File.ReadAllText(Path.Combine(ConfigCommand.SchemaFolder, command + ".json")));
    }

    [Fact]
    public void Schema_TrainTeacher_HasTypesEndsAndWords()
    {
        JsonNode keys = JsonNode.Parse(_rlt.Run("config", "train-teacher", "--schema").Output)!["properties"]!;
        Assert.Equal("integer", (string)keys["group_size"]!["type"]!);
        Assert.Equal(2, (int)keys["group_size"]!["minimum"]!);
        Assert.Equal(64, (int)keys["group_size"]!["default"]!);
        Assert.Equal(0, (int)keys["optimizer"]!["properties"]!["learning_rate"]!["exclusiveMinimum"]!);
        Assert.Equal(["constant", "linear", "cosine"], keys["optimizer"]!["properties"]!["schedule"]!["enum"]!.AsArray().Select(word => (string)word!));
        Assert.Equal(["object", "null"], keys["lora"]!["type"]!.AsArray().Select(word => (string)word!));
    }

    [Fact]
    public void ShippedConfigs_All_NameTheirSchema()
    {
        string configs = Path.Combine(Golden.RepositoryRoot, "configs");
        foreach (string file in Directory.EnumerateFiles(configs, "*.yaml", SearchOption.AllDirectories))
        {
            string schema = Regex.Match(File.ReadLines(file).First(), @"^# yaml-language-server: \$schema=(\S+)$").Groups[1].Value;
            Assert.True(schema.Length > 0 && File.Exists(Path.Combine(Path.GetDirectoryName(file)!, schema)), file);
        }
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Help_CommandWithAConfig_NamesItsMostUsedKeys(string command)
    {
        CommandSettings settings = CommandSettings.Of(command)!;
        string[] keys = [.. ConfigSchema.AllKeys(settings.Record)];
        Assert.All(settings.MostUsed, key => Assert.Contains(key, keys));
        if (settings.MostUsed.Count > 0)
        {
            string help = _rlt.Run(command, "--help").Output;
            Assert.All(settings.MostUsed, key => Assert.Contains(key, help, StringComparison.Ordinal));
            Assert.Contains($"rlt config {command}", help, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Readme_Settings_NamesAllWordsOfEverySet()
    {
        string readme = File.ReadAllText(Path.Combine(Golden.RepositoryRoot, "README.md"));
        foreach ((string key, IReadOnlyList<string> words) in CommandSettings.All
            .SelectMany(settings => ConfigSchema.AllKeys(settings.Record).Select(key => (key, ConfigSchema.ValuesOf(settings.Record, key)))))
        {
            if (words.Count > 0)
            {
                Assert.Contains($"| {string.Join(", ", words.Select(word => $"`{word}`"))} |", readme, StringComparison.Ordinal);
                Assert.Matches($@"\| [^|]*`{key[(key.LastIndexOf('.') + 1)..]}`[^|]* \|", readme);
            }
        }
    }
}
