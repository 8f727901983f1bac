using Rlt.Configuration;
using Rlt.Distributed;
using Rlt.Planning;
using Rlt.Platform;
using Rlt.Runs;

namespace Rlt.Training;

/// <summary>Fills in what a training config leaves to the memory plan, and refuses a run that cannot fit, before any weights are read.</summary>
public static class PlannedRun
{
    // Of a CPU's memory, so that two runs choose alike whatever else the machine does; not its free memory.
    private const double ShareOfMain = 0.5;

    /// <summary>The memory by which micro-batch and graphs are chosen: a GPU's, or half of main memory. Always the same on one machine.</summary>
    /// <param name="device">Where the run is.</param>
    /// <param name="gpuBytes">A GPU's memory, where it is not the device's own; null asks the device.</param>
    /// <returns>The limit; null for a GPU that is not there.</returns>
    public static MemoryLimit? Limit(DeviceConfig device, long? gpuBytes = null)
    {
        if (!Workloads.OnGpu(device))
        {
            return MemoryLimit.OfMain(MachineMemory.Total, ShareOfMain);
        }

        int index = device.Device.Split(':') is [_, var digits] && int.TryParse(digits, out int number) ? number : 0;
        return (gpuBytes ?? MachineMemory.OfCudaDevice(index)) is { } bytes ? MemoryLimit.OfGpu(bytes) : null;
    }

    /// <summary>The config with its micro-batch and graphs decided, and a line that says how.</summary>
    /// <param name="config">The settings; explicit ones stay.</param>
    /// <param name="workload">What a config makes the machine do.</param>
    /// <param name="gpuBytes">A GPU's memory, where it is not the device's own.</param>
    /// <exception cref="ConfigException">The run cannot fit its GPU.</exception>
    public static (T Config, string Summary) Settle<T>(T config, Func<T, Workload> workload, long? gpuBytes = null)
        where T : TrainingConfig
    {
        config = Earlier<T>(config.Out) is { } earlier ? Merge(config, earlier.MicroBatchTokens, earlier.Recompute) : config;
        (Workload work, string summary) = Settle(workload(config), config, gpuBytes);
        return (Merge(config, work.Training!.MicroBatchTokens, work.Training.KeepGraphs ? Recompute.False : Recompute.True), summary);
    }

    /// <summary>The workload with what the config leaves open decided by a memory's size; as it is where all is explicit.</summary>
    public static Workload Decide(Workload work, int microBatchTokens, Recompute recompute, MemoryLimit limit, ShardingStage? stage) => TrainingChoice.Settle(
        work, microBatchTokens == 0 ? null : microBatchTokens, recompute == Recompute.Auto ? null : recompute == Recompute.False, limit.Usable, stage);

    private static (Workload Work, string Summary) Settle(Workload work, TrainingConfig config, long? gpuBytes)
    {
        // A GPU whose size cannot be told is taken for one in which all fits: the choices are then the config's own, or the fastest.
        MemoryLimit limit = Limit(config.Device, gpuBytes) ?? new MemoryLimit(long.MaxValue, long.MaxValue);
        work = Decide(work, config.MicroBatchTokens, config.Recompute, limit, config.Device.ResolveSharding());
        Sharding.OfProcess = Sharding.OfProcess with { Stage = work.Stage };
        MemoryPlan plan = MemoryPlan.Of(work);
        if (work.OnGpu && MemoryPlan.Of(Least(work)).PeakBytes > limit.Usable)
        {
            throw new ConfigException($"this run cannot fit: {Shortage(work, limit)}");
        }

        string summary = $"memory plan: micro_batch_tokens {work.Training!.MicroBatchTokens}, recompute {(work.Training.KeepGraphs ? "false" : "true")}; "
            + $"at most {MemoryLimit.Text(plan.PeakBytes)}, in {plan.Peak.Name}; {work.Model.Types}"
            + (work.Ranks == 1 ? "" : $"; {work.Ranks} ranks, sharding {work.Stage.ToString().ToLowerInvariant()}")
            + (PlanAdvice.ForSharded(work, limit.Usable) is { } better ? $". {better}" : "");
        long free = work.OnGpu ? limit.Usable : MachineMemory.Available;
        if (plan.PeakBytes > free)
        {
            summary += $". It may not fit: {Shortage(work, MemoryLimit.OfMain(free))}";
        }

        return (work, work.Training.OffloadOptimizer && !work.OnGpu
            ? summary + ". optimizer.offload does nothing on the CPU, whose memory is main memory"
            : summary);
    }

    // Explanations may stay short: what is certain is a cache of prompts and sequences within the micro-batch.
    private static Workload Least(Workload work) => work with
    {
        Sampling = work.Sampling is { } sampling ? sampling with { NewTokens = 1 } : null,
        SharedTokens = 0,
        LongestSequence = Math.Min(work.LongestSequence, Math.Max(work.Training!.MicroBatchTokens, work.SharedTokens + 1)),
    };

    private static string Shortage(Workload work, MemoryLimit limit)
    {
        MemoryPlan plan = MemoryPlan.Of(work);
        (IReadOnlyList<PlanChange> changes, MemoryPlan changed) = PlanAdvice.For(work, limit.Usable);
        string needs = $"{plan.Peak.Name} takes {MemoryLimit.Text(plan.PeakBytes)} of {MemoryLimit.Text(limit.Usable)}";
        return changed.PeakBytes <= limit.Usable
            ? $"{needs}. Set {string.Join(" and ", changes.Select(change => change.Setting))} (rlt plan says more)"
            : $"{needs}. No settings make it fit (rlt plan says more); use a device with more memory, or a smaller model";
    }

    // A run that goes on keeps what it chose at first, on whatever device it goes on.
    private static T? Earlier<T>(string directory)
        where T : TrainingConfig
    {
        string file = Path.Combine(directory, RunFolder.ConfigFile);
        try
        {
            return File.Exists(file) ? ConfigLoader.Load<T>(file, []) : null;
        }
        catch (ConfigException)
        {
            // Whatever is wrong with the folder is told where it is opened.
            return null;
        }
    }

    private static T Merge<T>(T config, int microBatchTokens, Recompute recompute)
        where T : TrainingConfig => config with
    {
        MicroBatchTokens = config.MicroBatchTokens == 0 ? microBatchTokens : config.MicroBatchTokens,
        Recompute = config.Recompute == Recompute.Auto ? recompute : config.Recompute,
    };
}
