using System.Text.Json;
using Rlt.Files;
using Rlt.Platform;
using Rlt.Runs;
using Rlt.Tests.Files;
using Rlt.Training;

namespace Rlt.Tests.Training;

/// <summary>Runs on a disk that fills up, from checkpoints that are damaged, and by the clock.</summary>
public sealed class SurvivalTests : IDisposable
{
    private readonly TrainingRun _run = new();

    public void Dispose() => _run.Dispose();

    [Fact]
    public void RunSft_DiskFullAtAnyWrite_LastCheckpointStaysAndTheRunGoesOn()
    {
        using (var disk = new FullDisk(long.MaxValue))
        {
            _run.RunSft("whole", _run.Sft);
            long written = long.MaxValue - disk.Room;
            for (int i = 0; i < 15; i++)
            {
                FillUpAndGoOn($"run-{i}", written * i / 15);
            }
        }
    }

    [Fact]
    public void RunTeacher_DiskFull_LastCheckpointStaysAndTheRunGoesOn()
    {
        _run.RunTeacher("whole", _run.Teacher);
        using (new FullDisk(800_000))
        {
            Assert.True(DiskSpace.IsUsedUp(Assert.Throws<IOException>(() => _run.RunTeacher("parts", _run.Teacher))));
        }

        var watcher = new RunWatcher();
        _run.RunTeacher("parts", _run.Teacher, watcher);
        Assert.InRange(watcher.Starts[0].Done, 1, 3);
        AssertSame("parts");
        Assert.Equal(File.ReadAllText(Path.Combine(_run["whole"], "samples.jsonl")), File.ReadAllText(Path.Combine(_run["parts"], "samples.jsonl")));
    }

    [Theory]
    [InlineData("model.safetensors", 9000)]
    [InlineData("optimizer.safetensors", 9000)]
    [InlineData("trainer_state.json", 10)]
    [InlineData("tokenizer.json", 10)]
    public void RunSft_DamagedCheckpoint_IsNamedAndTheOneBeforeIsUsed(string file, int at)
    {
        _run.RunSft("whole", _run.Sft);
        BreakOff("parts", 3);
        string damaged = Path.Combine(_run["parts"], "checkpoints", "step-000002");
        Flip(Path.Combine(damaged, file), at);
        var watcher = new RunWatcher();
        _run.RunSft("parts", _run.Sft, watcher);
        Assert.Equal([(1, 4)], watcher.Starts);
        Assert.Equal([$"{damaged} is damaged: its {file} is not what was saved (its SHA-256 differs). The checkpoint before it is used"], watcher.Warnings);
        AssertSame("parts");
    }

    [Theory]
    [InlineData("", "an earlier version of rlt")]
    [InlineData(",\"computed_by\":\"libtorch 1.13.0, an abacus\"", "libtorch 1.13.0, an abacus")]
    public void RunSft_CheckpointThatOtherKernelsComputed_GoesOnAndSaysThatDigitsMayDiffer(string recorded, string named)
    {
        BreakOff("parts", 3);
        string checkpoint = Path.Combine(_run["parts"], "checkpoints", "step-000002"), state = Path.Combine(checkpoint, "trainer_state.json");
        string saved = File.ReadAllText(state), entry = $",\"computed_by\":{JsonSerializer.Serialize(TorchLibrary.Computing)}";
        Assert.Contains(entry, saved, StringComparison.Ordinal);
        File.WriteAllText(state, saved.Replace(entry, recorded, StringComparison.Ordinal));
        File.Delete(Path.Combine(checkpoint, Checksums.FileName));
        Checksums.Write(checkpoint);
        var watcher = new RunWatcher();
        _run.RunSft("parts", _run.Sft, watcher);
        Assert.Equal([(2, 4)], watcher.Starts);
        Assert.Equal(
            [$"{checkpoint} was computed by {named}, and {TorchLibrary.Computing} goes on: from here on the numbers may differ in their last digits from those of a run that was not interrupted"],
            watcher.Warnings);
    }

    [Fact]
    public void RunSft_EveryCheckpointDamaged_IsRefused()
    {
        BreakOff("parts", 3);
        foreach (string checkpoint in Directory.GetDirectories(Path.Combine(_run["parts"], "checkpoints")))
        {
            File.Delete(Path.Combine(checkpoint, "model.safetensors"));
        }

        Assert.Equal(
            $"{Path.Combine(_run["parts"], "checkpoints")}: none of the 2 checkpoints is as it was saved. Delete this folder to begin the run anew, or bring an intact checkpoint back.",
            Assert.Throws<CheckpointException>(() => _run.RunSft("parts", _run.Sft)).Message);
    }

    [Theory]
    [InlineData("{\"step\":2,\"score\":null}", "trainer_state.json: 'optimizer_steps' is missing; expected a whole number from 0 to 2147483647.")]
    [InlineData("{\"optimizer_steps\":\"2\"}", "trainer_state.json: 'optimizer_steps' is \"2\"; expected a whole number from 0 to 2147483647.")]
    [InlineData("{\"optimizer_steps\":1e99}", "trainer_state.json: 'optimizer_steps' is 1e99; expected a whole number from 0 to 2147483647.")]
    [InlineData("[]", "trainer_state.json:1: damaged")]
    public void RunSft_StateWithChecksumsOfItsOwn_IsStillChecked(string state, string message)
    {
        BreakOff("parts", 3);
        string checkpoint = Path.Combine(_run["parts"], "checkpoints", "step-000002");
        File.WriteAllText(Path.Combine(checkpoint, "trainer_state.json"), state);
        File.Delete(Path.Combine(checkpoint, Checksums.FileName));
        Checksums.Write(checkpoint);
        Assert.Contains(message, Assert.Throws<DataException>(() => _run.RunSft("parts", _run.Sft)).Message, StringComparison.Ordinal);
    }

    // A tensor of one element would be repeated to any shape, and one of another type converted.
    [Fact]
    public void RunSft_TensorsOfAnotherModel_AreRefused()
    {
        BreakOff("parts", 3);
        string checkpoint = Path.Combine(_run["parts"], "checkpoints", "step-000002");
        string optimizer = Path.Combine(checkpoint, "optimizer.safetensors");
        byte[] bytes = File.ReadAllBytes(optimizer);
        string text = System.Text.Encoding.Latin1.GetString(bytes);
        int shape = text.IndexOf("\"shape\":[1024,16]", StringComparison.Ordinal);
        "\"shape\":[16,1024]"u8.CopyTo(bytes.AsSpan(shape));
        File.WriteAllBytes(optimizer, bytes);
        File.Delete(Path.Combine(checkpoint, Checksums.FileName));
        Checksums.Write(checkpoint);
        Assert.Contains("is F32 [16, 1024]; this run has F32 [1024, 16] there.", Assert.Throws<CheckpointException>(() => _run.RunSft("parts", _run.Sft)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RunSft_Minutes_SavesByTheClock()
    {
        var clock = new StepClock();
        _run.Clock = clock;
        RunFolder folder = _run.RunSft("a", _run.Sft with { Steps = 9, SaveEvery = 0, SaveMinutes = 25, KeepLast = 9 }, new RunWatcher(_ => clock.Minutes += 10));

        // Ten minutes a step: the first step after 25 is the third.
        Assert.Equal([3, 6], folder.CheckpointSteps());
    }

    [Fact]
    public void RunTeacher_KeepBest_KeepsTheHighestMeanReward()
    {
        RunFolder folder = _run.RunTeacher("a", _run.Teacher with { Steps = 12, KeepLast = 1 });
        double[] rewards = [.. File.ReadAllLines(folder.Metrics).Select(line => System.Text.Json.Nodes.JsonNode.Parse(line)!["reward"]!.GetValue<double>())];
        double[] scores = [.. Enumerable.Range(1, 12).Select(step => rewards[..step].TakeLast(10).Average())];
        int kept = Array.IndexOf(scores, scores[..11].Max()) + 1, best = Array.IndexOf(scores, scores.Max()) + 1;
        Assert.Equal(new[] { kept, 11 }.Distinct(), folder.CheckpointSteps());
        var expected = new ScoredModel(best == 12 ? folder.Model : folder.Checkpoint(best), scores.Max(), Math.Max(1, best - 9), best);
        Assert.Equal(expected, TrainingCheckpoint.Best(folder, _run.Teacher.Checkpoints));
    }

    private void FillUpAndGoOn(string name, long room)
    {
        using (new FullDisk(room))
        {
            Assert.True(DiskSpace.IsUsedUp(Assert.Throws<IOException>(() => _run.RunSft(name, _run.Sft))));
        }

        string checkpoints = Path.Combine(_run[name], "checkpoints");
        foreach (string checkpoint in Directory.Exists(checkpoints) ? Directory.GetDirectories(checkpoints) : [])
        {
            Assert.Matches("step-[0-9]{6}$", checkpoint);
            Assert.Null(Checksums.Problem(checkpoint));
        }

        Assert.False(Directory.Exists(Path.Combine(_run[name], "model")));
        _run.RunSft(name, _run.Sft);
        AssertSame(name);
    }

    private void AssertSame(string name)
    {
        Assert.Equal(_run.Weights("whole"), _run.Weights(name));
        Assert.Equal(_run.Metrics("whole"), _run.Metrics(name));
    }

    // The exception comes after the step and before its checkpoint.
    private void BreakOff(string name, int at) => Assert.Throws<InvalidOperationException>(() => _run.RunSft(name, _run.Sft, new RunWatcher(step =>
    {
        if (step == at)
        {
            throw new InvalidOperationException();
        }
    })));

    private static void Flip(string file, int at)
    {
        byte[] bytes = File.ReadAllBytes(file);
        bytes[at] ^= 4;
        File.WriteAllBytes(file, bytes);
    }

    private sealed class StepClock : TimeProvider
    {
        public double Minutes { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => TimeSpan.FromMinutes(Minutes).Ticks;
    }
}
