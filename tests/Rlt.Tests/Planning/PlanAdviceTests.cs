using Rlt.Benchmarks;
using Rlt.Planning;

namespace Rlt.Tests.Planning;

public sealed class PlanAdviceTests
{
    private static readonly Workload Teacher = new()
    {
        Model = new ModelSize(BenchShapes.Get("qwen2.5-7b"), 2),
        Fused = false,
        OnGpu = true,
        Student = new ModelSize(BenchShapes.Get("qwen2.5-7b"), 2),
        HasReference = true,
        Sampling = new SamplingLoad(Rows: 128, Group: 64, Prompt: 1024, NewTokens: 16384),
        Training = new TrainingLoad(16384, KeepGraphs: false),
        ScoringTokens = 32768,
        SharedTokens = 1024,
        LongestSequence = 17408,
    };

    [Fact]
    public void For_WhatFits_ChangesNothing()
    {
        (IReadOnlyList<PlanChange> changes, MemoryPlan plan) = PlanAdvice.For(Teacher, long.MaxValue);
        Assert.Empty(changes);
        Assert.Equal(MemoryPlan.Of(Teacher).PeakBytes, plan.PeakBytes);
    }

    [Fact]
    public void For_KeptGraphsTooLarge_OnlyThemAreGivenUp()
    {
        Workload kept = Teacher with { Training = new TrainingLoad(16384, KeepGraphs: true) };
        (IReadOnlyList<PlanChange> changes, _) = PlanAdvice.For(kept, MemoryPlan.Of(Teacher).PeakBytes);
        Assert.Equal(["recompute=true"], changes.Select(change => change.Setting));
    }

    [Fact]
    public void For_StatesTooLarge_FewerRowsAndOffloadAndNothingElse()
    {
        (IReadOnlyList<PlanChange> changes, MemoryPlan plan) = PlanAdvice.For(Teacher, 135_000_000_000);
        Assert.Equal(["sampling_rows=32", "optimizer.offload=true"], changes.Select(change => change.Setting));
        Assert.True(plan.PeakBytes <= 135_000_000_000);
    }

    [Fact]
    public void For_MainMemory_OffloadIsNoWayOut()
    {
        (IReadOnlyList<PlanChange> changes, _) = PlanAdvice.For(Teacher with { OnGpu = false }, 100_000_000_000);
        Assert.DoesNotContain(changes, change => change.Setting.Contains("offload", StringComparison.Ordinal));
        Assert.Contains(changes, change => change.Setting.StartsWith("lora.rank", StringComparison.Ordinal));
    }

    [Fact]
    public void For_TooSmallForAnything_PlanSaysSo() => Assert.True(PlanAdvice.For(Teacher, 10_000_000_000).Plan.PeakBytes > 10_000_000_000);

    [Fact]
    public void Settle_MuchMemory_KeepsGraphsOfTheLargestMicroBatch() =>
        Assert.Equal(new TrainingLoad(32768, KeepGraphs: true), TrainingChoice.Settle(Teacher, null, null, long.MaxValue).Training);

    [Fact]
    public void Settle_LittleMemory_RecomputesTheSmallest() =>
        Assert.Equal(new TrainingLoad(1024, KeepGraphs: false), TrainingChoice.Settle(Teacher, null, null, 0).Training);

    [Fact]
    public void Settle_GraphsDoNotFit_RecomputesTheLargestThatFits()
    {
        Workload fine = Teacher with { Sampling = null };
        long bytes = MemoryPlan.Of(fine with { Training = new TrainingLoad(32768, KeepGraphs: false) }).PeakBytes;
        Assert.Equal(new TrainingLoad(32768, KeepGraphs: false), TrainingChoice.Settle(fine, null, null, bytes).Training);
        Assert.Equal(new TrainingLoad(32768, KeepGraphs: false), TrainingChoice.Settle(fine, null, false, bytes).Training);
        Assert.Equal(new TrainingLoad(5000, KeepGraphs: true), TrainingChoice.Settle(fine, 5000, true, bytes).Training);
    }

    [Theory]
    [InlineData("80G", 80_000_000_000)]
    [InlineData("80GB", 80_000_000_000)]
    [InlineData("1.5GiB", 1_610_612_736)]
    [InlineData("512MiB", 536_870_912)]
    [InlineData("80", 80_000_000_000)]
    [InlineData("1000000", 1_000_000)]
    public void Parse_Sizes_Bytes(string text, long bytes) => Assert.Equal(bytes, MemoryLimit.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("G")]
    [InlineData("-3G")]
    [InlineData("many")]
    [InlineData("80000")]
    public void Parse_NoSize_SaysWhatIsExpected(string text) => Assert.Equal(
        $"'{text}' is not a size of memory; expected such as 80G (10⁹ bytes) or 80GiB (2³⁰)", Assert.Throws<ConfigException>(() => MemoryLimit.Parse(text)).Message);
}
