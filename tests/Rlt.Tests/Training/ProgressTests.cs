namespace Rlt.Tests.Training;

/// <summary>A step tells how far it is while it is under way.</summary>
public sealed class ProgressTests : IDisposable
{
    private readonly TrainingRun _run = new();

    public void Dispose() => _run.Dispose();

    [Fact]
    public void TeacherStep_EachPhase_RisesToTheWhole()
    {
        var watcher = new RunWatcher();
        _run.RunTeacher("run", _run.Teacher with { Steps = 1 }, watcher);
        Assert.Equal(["sample", "score", "reference", "entropy", "backward"], watcher.Phases.Select(phase => phase.Name).Distinct());
        Assert.All(watcher.Phases.GroupBy(phase => phase.Name), phase =>
        {
            double[] shares = [.. phase.Select(one => one.Share)];
            Assert.Equal(1, shares[^1], 1e-12);
            Assert.Equal(shares.Order(), shares);
            Assert.All(phase, one => Assert.InRange(one.TokensPerSecond, double.Epsilon, double.MaxValue));
        });
        Assert.Contains(watcher.Phases, phase => phase is { Name: "sample", Share: > 0 and < 1 });
    }

    [Fact]
    public void SftStep_MicroBatches_RiseToTheWhole()
    {
        var watcher = new RunWatcher();
        _run.RunSft("run", _run.Sft with { Steps = 1, MicroBatchTokens = 1 }, watcher);
        Assert.Equal(["backward"], watcher.Phases.Select(phase => phase.Name).Distinct());
        Assert.Equal((true, 1.0), (watcher.Phases.Count > 1, watcher.Phases[^1].Share));
    }
}
