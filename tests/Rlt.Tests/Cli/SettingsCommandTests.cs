using Rlt.Configuration;
using Rlt.Teaching.Collection;
using Rlt.Training.Sft;
using Rlt.Training.Teacher;

namespace Rlt.Tests.Cli;

/// <summary>How settings are given: names that are nearly right, no config file, paths, shipped configs.</summary>
public sealed class SettingsCommandTests : IDisposable
{
    private readonly CommandLine _rlt = new();

    public void Dispose() => _rlt.Dispose();

    [Theory]
    [InlineData("rlt: 'trian-teacher' is not a command; did you mean 'train-teacher'? See: rlt --help\n", "trian-teacher", "--config", "x.yaml")]
    [InlineData("rlt: 'fly' is not a command. See: rlt --help\n", "fly")]
    [InlineData("rlt: 'comprae' is not a command; did you mean 'compare'? See: rlt eval --help\n", "eval", "comprae", "a", "b")]
    [InlineData("rlt: '--modell' is not an option of warmup; did you mean '--model'? See: rlt warmup --help\n", "warmup", "--modell", "m")]
    [InlineData("rlt: '--inptu' is not an option of grade; did you mean '--input'? See: rlt grade --help\n", "grade", "--inptu", "m")]
    [InlineData("rlt: '--learning-rate' is a setting and not an option of warmup. Write '--set optimizer.learning_rate=1e-5'. See: rlt warmup --help\n", "warmup", "--learning-rate", "1e-5")]
    [InlineData("rlt: '--learning_rate' is a setting and not an option of warmup. Write '--set optimizer.learning_rate=1e-5'. See: rlt warmup --help\n", "warmup", "--learning_rate=1e-5")]
    [InlineData("rlt: '--optimizer.learning_rate' is a setting and not an option of train-teacher. Write '--set optimizer.learning_rate=2'.", "train-teacher", "--optimizer.learning_rate", "2")]
    [InlineData("rlt: '--learnin-rate' is a setting and not an option of warmup. Write '--set optimizer.learning_rate=1e-5'.", "warmup", "--learnin-rate", "1e-5")]
    [InlineData("rlt: '--floor' is a setting and not an option of train-teacher. Write '--set reward.solution_score.floor=0' or '--set reward.think_kl.floor=0'.", "train-teacher", "--floor", "0")]
    public void Main_NearlyRight_SaysWhatWasMeantInOneLine(string message, params string[] arguments)
    {
        CommandResult result = _rlt.Run(arguments);
        Assert.Equal((2, ""), (result.Exit, result.Output));
        Assert.StartsWith(message, result.Errors, StringComparison.Ordinal);
        Assert.Single(result.Errors.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData("missing: model, data, out, optimizer.learning_rate. Give them by --set KEY=VALUE, an option of the same name, or in --config FILE.", "warmup")]
    [InlineData("missing: optimizer.learning_rate. Give it by --set KEY=VALUE, an option of the same name, or in --config FILE.", "warmup", "--model", "m", "--data", "d", "--set", "out=o")]
    [InlineData("missing: optimizer.learning_rate, student, format, model, data, out. ", "train-teacher", "--set", "optimizer.beta1=0.8")]
    [InlineData("missing: model, out. ", "eval")]
    public void Run_WithoutConfig_NamesAllThatIsMissing(string message, params string[] arguments)
    {
        CommandResult result = _rlt.Run(arguments);
        Assert.Equal(2, result.Exit);
        Assert.StartsWith(message, result.Message, StringComparison.Ordinal);
        Assert.Single(result.Message.Split('\n'));
    }

    [Fact]
    public void Warmup_WithoutConfig_Runs()
    {
        CommandResult result = _rlt.Run("warmup", "--model", "@model", "--data", "@data.jsonl", "--out", "@run", "--threads", "1",
            "--set", "optimizer.learning_rate=1e-3", "--set", "steps=1", "--set", "batch_size=2", "--set", $"format={_rlt["format.yaml"]}");
        Assert.Equal(0, result.Exit);
        Assert.True(Directory.Exists(_rlt["run/model"]));
    }

    [Fact]
    public void Warmup_PathsOfTheConfig_AreRelativeToIt()
    {
        _rlt.Write("mine.yaml", "model: model\ndata: ./data.jsonl\nout: mine\nformat: format.yaml\nsteps: 1\nbatch_size: 2\noptimizer: {learning_rate: 1e-3}\ndevice: {threads: 1}\n");
        CommandResult result = _rlt.Run("warmup", "--config", "@mine.yaml");
        Assert.Equal(0, result.Exit);
        Assert.DoesNotContain("note:", result.Errors, StringComparison.Ordinal);
        Assert.True(File.Exists(_rlt["mine/config.yaml"]));
        Assert.Contains($"model: {_rlt["model"]}\n", File.ReadAllText(_rlt["mine/config.yaml"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_PathInTheWorkingDirectoryOnly_IsUsedWithAWordOnHowToWriteIt()
    {
        string name = $"only-here-{Guid.NewGuid():N}.jsonl";
        File.WriteAllText(name, "");
        try
        {
            string config = _rlt.Write("mine.yaml", $"model: model\ndata: {name}\nout: o\noptimizer: {{learning_rate: 1}}\n");
            var notes = new List<string>();
            SftConfig read = ConfigLoader.Load<SftConfig>(config, [], notes.Add);
            string written = Path.GetRelativePath(Path.GetDirectoryName(config)!, Path.GetFullPath(name));
            Assert.Equal(name, read.Data);
            Assert.Equal(
                [$"{config}:2: data is '{name}', which is in the working directory and not in the config's folder ({Path.GetDirectoryName(config)}); "
                    + $"it is used. Write '{written}', or give it on the command line."], notes);
            Assert.Equal(name, ConfigLoader.Load<SftConfig>(_rlt.Write("mine.yaml", $"model: model\ndata: {written}\nout: o\noptimizer: {{learning_rate: 1}}\n"), [],
                note => Assert.Fail(note)).Data);
        }
        finally
        {
            File.Delete(name);
        }
    }

    [Fact]
    public void Load_PathOfABase_IsRelativeToTheBase()
    {
        Directory.CreateDirectory(_rlt["deep"]);
        _rlt.Write("deep/below.yaml", "model: ../model\ndata: d.jsonl\nout: o\noptimizer: {learning_rate: 1}\n");
        SftConfig read = ConfigLoader.Load<SftConfig>(_rlt.Write("mine.yaml", "base: deep/below.yaml\nout: p\n"), []);
        Assert.Equal((_rlt["model"], _rlt["deep/d.jsonl"], _rlt["p"]), (read.Model, read.Data, read.Out));
    }

    [Fact]
    public void Load_ConfigOfARun_HasThePathsThatItWasStartedWith()
    {
        Directory.CreateDirectory(_rlt["run/model"]);
        _rlt.Write("run/log.txt", "");
        SftConfig read = ConfigLoader.Load<SftConfig>(_rlt.Write("run/config.yaml", "model: model\ndata: d.jsonl\nout: runs/o\noptimizer: {learning_rate: 1}\n"), [],
            note => Assert.Fail(note));
        Assert.Equal(("model", "d.jsonl", "runs/o"), (read.Model, read.Data, read.Out));
    }

    [Fact]
    public void Load_NamesThatAreNoPaths_StayAsTheyAre()
    {
        string config = _rlt.Write("mine.yaml", "model: Qwen/Qwen3-0.6B\nstudent: qwen2.5-7b\ndata: d\nout: o\nformat: small\nkeep: best\n");
        CollectConfig read = ConfigLoader.Load<CollectConfig>(config, []);
        Assert.Equal(("Qwen/Qwen3-0.6B", "qwen2.5-7b", "small", _rlt["o"]), (read.Model, read.Student, read.Format, read.Out));
    }

    [Fact]
    public void Load_ShippedConfig_IsFoundByNameAndItsPathsAreOfTheWorkingDirectory()
    {
        TeacherConfig read = ConfigLoader.Load<TeacherConfig>("small/teacher", [], note => Assert.Fail(note));
        Assert.Equal((24, "runs/quickstart/teacher", "runs/quickstart/world/rl.jsonl"), (read.Steps, read.Out, read.Data));
        Assert.True(File.Exists(Path.Combine(read.Student, "config.json")));
        TeacherConfig built = ConfigLoader.Load<TeacherConfig>("paper/teacher-lora", []);
        Assert.Equal(("runs/paper/teacher-lora", "models/Bespoke-Stratos-7B"), (built.Out, built.Student));
    }

    [Fact]
    public void Load_NoSuchShippedConfig_NamesTheNearest()
    {
        CommandResult result = _rlt.Run("train-teacher", "--config", "small/teachr");
        Assert.Equal(2, result.Exit);
        Assert.Equal("small/teachr: cannot be read: there is no such file, and no shipped config of that name; did you mean 'small/teacher'?", result.Message);
    }

    [Fact]
    public void ShippedConfigs_PathsFromTheRepository_AreAsBefore()
    {
        string file = Path.Combine(Golden.RepositoryRoot, "configs", "small", "teacher.yaml");
        TeacherConfig read = ConfigLoader.Load<TeacherConfig>(file, [], note => Assert.Fail(note));
        Assert.Equal(Path.Combine(Golden.RepositoryRoot, "data/small/student"), Path.GetFullPath(read.Student));
        Assert.Equal(Path.Combine(Golden.RepositoryRoot, "runs/quickstart/teacher"), Path.GetFullPath(read.Out));
    }
}
