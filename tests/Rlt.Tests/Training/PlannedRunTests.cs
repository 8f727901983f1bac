using Rlt.Benchmarks;
using Rlt.Configuration;
using Rlt.Models;
using Rlt.Models.Adapters;
using Rlt.Planning;
using Rlt.Runs;
using Rlt.Tests.Data;
using Rlt.Training;
using Rlt.Training.Sft;
using Rlt.Training.Teacher;

namespace Rlt.Tests.Training;

/// <summary>What training configs leave to the memory plan is decided before weights are read, the same on every run.</summary>
public sealed class PlannedRunTests : IDisposable
{
    private static readonly ModelConfig Small = TinyModel.Config(64, 16, tied: true);
    private static readonly ModelConfig Large = BenchShapes.Get("qwen2.5-7b");

    private readonly ScratchDirectory _scratch = new();

    private SftConfig Sft => new() { Model = "m", Data = "d", Out = _scratch["run"], Optimizer = new OptimizerConfig { LearningRate = 1e-3 } };

    private TeacherConfig Teacher => new() { Model = "m", Student = "s", Data = "d", Out = _scratch["run"], Format = "f", Optimizer = new OptimizerConfig { LearningRate = 1e-3 }, Device = Gpu };

    private static Workload Teaching(TeacherConfig config) => Workloads.Of(config, Large, Large, longestPrompt: 1024);

    private static Workload Tuning(SftConfig config) => Workloads.Of(config, Small, longest: 100);

    private static DeviceConfig Gpu => new() { Device = "cuda", Dtype = "bf16" };

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Settle_SmallModelOnCpu_KeepsGraphsAndSaysSo()
    {
        (SftConfig config, string summary) = PlannedRun.Settle(Sft, Tuning);
        Assert.Equal((8192, Recompute.False), (config.MicroBatchTokens, config.Recompute));
        Assert.StartsWith("memory plan: micro_batch_tokens 8192, recompute false; at most ", summary, StringComparison.Ordinal);
        Assert.Equal(config, PlannedRun.Settle(config, Tuning).Config);
    }

    [Fact]
    public void Settle_ExplicitSettings_Stay()
    {
        SftConfig given = Sft with { MicroBatchTokens = 77, Recompute = Recompute.True };
        Assert.Equal(given, PlannedRun.Settle(given, Tuning).Config);
    }

    [Fact]
    public void Settle_RunThatGoesOn_KeepsWhatItChose()
    {
        RunFolder.Open(_scratch["run"], ConfigWriter.ToYaml(Sft with { MicroBatchTokens = 2048, Recompute = Recompute.True })).Begin().Dispose();
        SftConfig config = PlannedRun.Settle(Sft, Tuning).Config;
        Assert.Equal((2048, Recompute.True), (config.MicroBatchTokens, config.Recompute));
        RunFolder.Open(_scratch["run"], ConfigWriter.ToYaml(config)).Dispose();
    }

    [Fact]
    public void Settle_TeacherOnAGpuOf141_RecomputesWithTheStatesInMainMemory()
    {
        TeacherConfig given = Teacher with { SamplingRows = 60, ScoringTokens = 32768, Optimizer = Teacher.Optimizer with { Offload = true } };
        (TeacherConfig config, _) = PlannedRun.Settle(given, Teaching, 141_000_000_000);
        Assert.Equal((32768, Recompute.True), (config.MicroBatchTokens, config.Recompute));
    }

    [Fact]
    public void Settle_TeacherThatCannotFit_SaysWhatToSet()
    {
        var error = Assert.Throws<ConfigException>(() => PlannedRun.Settle(Teacher with { SamplingRows = 32 }, Teaching, 141_000_000_000));
        Assert.StartsWith("this run cannot fit: backward takes ", error.Message, StringComparison.Ordinal);
        Assert.EndsWith(". Set optimizer.offload=true (rlt plan says more)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settle_TooManyLongExplanations_IsAWarningForTheyMayStayShort()
    {
        TeacherConfig given = Teacher with { SamplingRows = 1024, Optimizer = Teacher.Optimizer with { Offload = true } };
        Assert.Contains(". It may not fit: sample takes ", PlannedRun.Settle(given, Teaching, 141_000_000_000).Summary, StringComparison.Ordinal);
    }

    [Fact]
    public void Settle_NothingHelps_SaysSo()
    {
        SftConfig given = Sft with { Device = Gpu, Lora = new LoraConfig() };
        var error = Assert.Throws<ConfigException>(() => PlannedRun.Settle(given, one => Workloads.Of(one, Large, 1000), 8_000_000_000));
        Assert.EndsWith("No settings make it fit (rlt plan says more); use a device with more memory, or a smaller model", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settle_OffloadOnCpu_IsNoted() => Assert.EndsWith(
        ". optimizer.offload does nothing on the CPU, whose memory is main memory",
        PlannedRun.Settle(Sft with { Optimizer = Sft.Optimizer with { Offload = true } }, Tuning).Summary, StringComparison.Ordinal);
}
