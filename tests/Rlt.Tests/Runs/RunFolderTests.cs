using System.Diagnostics;
using System.Text.Json.Nodes;
using Rlt.Cli;
using Rlt.Configuration;
using Rlt.Runs;
using Rlt.Tests.Data;
using Rlt.Training.Sft;

namespace Rlt.Tests.Runs;

public sealed class RunFolderTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Open_FolderInUse_NamesProcessAndHost()
    {
        using RunFolder folder = RunFolder.Open(_scratch["run"], "config").Begin();
        Assert.Equal(
            $"{_scratch["run"]} is in use by another run, process {Environment.ProcessId} on host {Environment.MachineName}. Wait until that one ends, or choose another --out.",
            Assert.Throws<ConfigException>(() => RunFolder.Open(_scratch["run"], "config")).Message);
    }

    /// <summary>A run of an earlier version, whose config lacks a setting, had its default.</summary>
    [Theory]
    [InlineData("", true)]
    [InlineData("seed: 0", true)]
    [InlineData("seed: 5", false)]
    public void Open_ConfigOfAnEarlierVersion_IsTheSameWhereItsDefaultsAre(string seed, bool goesOn)
    {
        var config = new SftConfig { Model = "m", Data = "d", Out = "o", Optimizer = new OptimizerConfig { LearningRate = 1 } };
        ConfiguredRun.Open(_scratch["run"], config).Begin().Dispose();
        string file = Path.Combine(_scratch["run"], RunFolder.ConfigFile);
        string[] lines = File.ReadAllLines(file);
        Assert.Single(lines, line => line == "seed: 0");
        File.WriteAllLines(file, lines.Where(line => line != "seed: 0").Concat(seed.Length == 0 ? [] : [seed]));
        if (goesOn)
        {
            ConfiguredRun.Open(_scratch["run"], config).Dispose();
        }
        else
        {
            Assert.Contains("seed 5 there, 0 now", Assert.Throws<ConfigException>(() => ConfiguredRun.Open(_scratch["run"], config)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Open_FolderGivenBack_CanBeUsed()
    {
        RunFolder.Open(_scratch["run"], "config").Begin().Dispose();
        using RunFolder again = RunFolder.Open(_scratch["run"], "config");
        Assert.Equal(_scratch["run"], again.Path);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1 two three")]
    [InlineData("12x host")]
    [InlineData("12 \u001b[31m")]
    public void Open_LockOfSomethingElse_IsRefusedWithoutItsText(string text)
    {
        Directory.CreateDirectory(_scratch["run"]);
        using FileStream held = new(_scratch["run/.lock"], FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        held.Write(System.Text.Encoding.UTF8.GetBytes(text));
        Assert.Equal(
            $"{_scratch["run"]} is in use by another run. Wait until that one ends, or choose another --out.",
            Assert.Throws<ConfigException>(() => RunFolder.Open(_scratch["run"], "config")).Message);
    }

    [Fact]
    public void Open_LockOfADeadProcess_IsTaken()
    {
        // flock(1) holds the lock for as long as it lives, as a run does.
        Directory.CreateDirectory(_scratch["run"]);
        using Process holder = Process.Start(new ProcessStartInfo("flock", ["-F", "-n", _scratch["run/.lock"], "sh", "-c", "echo locked; exec sleep 60"]) { RedirectStandardOutput = true })!;
        Assert.Equal("locked", holder.StandardOutput.ReadLine());
        Assert.Throws<ConfigException>(() => RunFolder.Open(_scratch["run"], "config"));
        holder.Kill();
        holder.WaitForExit();
        RunFolder.Open(_scratch["run"], "config").Dispose();
    }

    [Fact]
    public void Dispose_RunThatNeverBegan_LeavesNothing()
    {
        RunFolder.Open(_scratch["run"], "config").Dispose();
        Assert.False(Directory.Exists(_scratch["run"]));
        Directory.CreateDirectory(_scratch["empty"]);
        RunFolder.Open(_scratch["empty"], "config").Dispose();
        Assert.Empty(Directory.GetFileSystemEntries(_scratch["empty"]));
    }

    [Fact]
    public void Open_FolderOfAProcessKilledBeforeItBegan_IsANewRun()
    {
        Directory.CreateDirectory(_scratch["run"]);
        foreach (string name in new[] { ".lock", ".probe.partial", "config.yaml.partial" })
        {
            _scratch.Write($"run/{name}", "left");
        }

        using RunFolder folder = RunFolder.Open(_scratch["run"], "config").Begin();
        Assert.Equal("config", File.ReadAllText(_scratch["run/config.yaml"]));
    }

    [Fact]
    public void Open_FileInPlaceOfTheFolder_IsOneError()
    {
        _scratch.Write("file", "");
        foreach (string path in new[] { _scratch["file"], _scratch["file/run"] })
        {
            string message = Assert.Throws<ConfigException>(() => RunFolder.Open(path, "config")).Message;
            Assert.StartsWith($"{path}: the run's folder cannot be written: ", message, StringComparison.Ordinal);
            Assert.EndsWith(" Choose another --out, or correct the folder's permissions.", message, StringComparison.Ordinal);
        }
    }

    // No user can make a directory there, root neither.
    [Fact]
    public void Open_ReadOnlyPlace_IsOneError() => Assert.StartsWith(
        "/sys/rlt-run: the run's folder cannot be written: ", Assert.Throws<ConfigException>(() => RunFolder.Open("/sys/rlt-run", "config")).Message, StringComparison.Ordinal);

    [Fact]
    public void Begin_LeftoversOfAKilledRun_AreRemoved()
    {
        RunFolder.Open(_scratch["run"], "config").Begin().Dispose();
        foreach (string name in new[] { "model.partial", "checkpoints/step-000003.partial", "checkpoints/step-000001.removed", "checkpoints/step-000002" })
        {
            Directory.CreateDirectory(_scratch["run/" + name]);
        }

        using RunFolder folder = RunFolder.Open(_scratch["run"], "config").Begin();
        Assert.Equal([_scratch["run/checkpoints/step-000002"]], Directory.GetDirectories(_scratch["run/checkpoints"]));
        Assert.False(Directory.Exists(_scratch["run/model.partial"]));
        Assert.Equal([2], folder.CheckpointSteps());
    }

    [Fact]
    public void CheckpointSteps_OtherNames_AreNotSteps()
    {
        using RunFolder folder = RunFolder.Open(_scratch["run"], "config").Begin();
        foreach (string name in new[] { "step-7", "step-+8", "step- 9", "step-", "step-99999999999", "step-000010", "best" })
        {
            Directory.CreateDirectory(_scratch["run/checkpoints/" + name]);
        }

        Assert.Equal([7, 10], folder.CheckpointSteps());
    }

    [Theory]
    [InlineData("{\"loss\":1}", "'step' is missing; expected a whole number from 0 to")]
    [InlineData("{\"step\":\"1\"}", "'step' is \"1\"; expected a whole number from 0 to")]
    [InlineData("{\"step\":-1}", "'step' is -1; expected a whole number from 0 to")]
    [InlineData("{\"step\":1,\"step\":2}", "damaged")]
    [InlineData("[1]", "damaged")]
    public void KeepStepsUpTo_DamagedMetrics_SaysWhere(string line, string message)
    {
        using RunFolder folder = RunFolder.Open(_scratch["run"], "config").Begin();
        File.WriteAllText(folder.Metrics, line + "\n");
        string told = Assert.Throws<DataException>(() => folder.KeepStepsUpTo(1)).Message;
        Assert.StartsWith(folder.Metrics, told, StringComparison.Ordinal);
        Assert.Contains(message, told, StringComparison.Ordinal);
    }

    [Fact]
    public void Append_FileThatIsBeingRead_IsWritten()
    {
        using RunFolder folder = RunFolder.Open(_scratch["run"], "config").Begin();
        folder.Append(new JsonObject { ["step"] = 1 });
        using FileStream reader = File.OpenRead(folder.Metrics);
        folder.Append(new JsonObject { ["step"] = 2 });
        Assert.Equal("{\"step\":1}\n{\"step\":2}\n", File.ReadAllText(folder.Metrics));
    }
}
