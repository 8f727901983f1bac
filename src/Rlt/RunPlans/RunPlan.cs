using System.Text.Json;
using System.Text.Json.Nodes;
using Rlt.Benchmarks;
using Rlt.Distributed;
using Rlt.Planning;
using Rlt.Platform;
using Rlt.Training;

namespace Rlt.RunPlans;

/// <summary>What a run needs, and what it has.</summary>
/// <param name="Config">The run.</param>
/// <param name="Work">Its workload, everything decided.</param>
/// <param name="Limit">The memory it must fit into; null for a GPU of unknown size.</param>
/// <param name="Seconds">The expected time of a step by phase; empty without a bench.</param>
public sealed record RunPlan(PlannedConfig Config, Workload Work, MemoryLimit? Limit, IReadOnlyList<(string Phase, double Seconds)> Seconds)
{
    /// <summary>The memory by phase and part.</summary>
    public MemoryPlan Memory { get; } = MemoryPlan.Of(Work);

    /// <summary>The ranks that share the work.</summary>
    public RankPlan Ranks { get; private init; } = new(1, 1, null);

    /// <summary>What each rank must send in a step, by kind.</summary>
    public IReadOnlyList<(string Kind, double Bytes)> Traffic => StepTraffic.Of(Work, Config.Step);

    /// <summary>How long that takes on the link alone; null where the link is not known.</summary>
    public double? TrafficSeconds => Ranks.BytesPerSecond is { } rate && Traffic.Count > 0 ? Traffic.Sum(kind => kind.Bytes) / rate : null;

    /// <summary>Whether it fits; null where that is not known.</summary>
    public bool? Fits => Limit is null ? null : Memory.PeakBytes <= Limit.Usable;

    /// <summary>What to change where it does not fit, and the memory with that.</summary>
    public (IReadOnlyList<PlanChange> Changes, MemoryPlan Memory) Advice => PlanAdvice.For(Work, Limit!.Usable);

    /// <summary>The plan of a config.</summary>
    /// <param name="config">The config.</param>
    /// <param name="gpuBytes">The GPU's memory; null asks the device.</param>
    /// <param name="benchFile">A report of <c>rlt bench</c>, or null.</param>
    /// <param name="ranks">The ranks that share the work.</param>
    public static RunPlan Of(PlannedConfig config, long? gpuBytes, string? benchFile, RankPlan ranks)
    {
        config.Device.RequireKnown();
        MemoryLimit? choosing = PlannedRun.Limit(config.Device, gpuBytes);
        ShardingStage? stage = config.Device.ResolveSharding();
        Workload work = config.Work with { Ranks = ranks.Count, Stage = stage ?? ShardingStage.None };
        work = work.Training is null
            ? work
            : PlannedRun.Decide(work, config.MicroBatchTokens, config.Recompute, choosing ?? new MemoryLimit(long.MaxValue, long.MaxValue), stage);
        MemoryLimit? limit = Workloads.OnGpu(config.Device) ? choosing : MemoryLimit.OfMain(MachineMemory.Available);
        return new RunPlan(config, work, limit, benchFile is null ? [] : StepTime.Of(work, config.Step, Bench(benchFile))) { Ranks = ranks };
    }

    /// <summary>The plan for programs: bytes and seconds.</summary>
    public JsonObject ToJson()
    {
        var report = new JsonObject
        {
            ["command"] = Config.Command,
            ["device"] = Config.Device.Device,
            ["fits"] = Fits,
            ["peak_bytes"] = Memory.PeakBytes,
            ["peak_phase"] = Memory.Peak.Name,
            ["usable_bytes"] = Limit?.Usable,
            ["host_bytes"] = Memory.HostBytes,
        };
        if (Work.Training is { } training)
        {
            report["micro_batch_tokens"] = training.MicroBatchTokens;
            report["recompute"] = !training.KeepGraphs;
        }

        report["phases"] = Fields(Memory.Phases.Select(phase => (phase.Name, (JsonNode)Fields(
            phase.Parts.Select(part => (part.Name.Replace(' ', '_').ToLowerInvariant(), (JsonNode)part.Bytes)).Append(("total", phase.Bytes))))));
        if (Seconds.Count > 0)
        {
            report["step_seconds"] = Fields(Seconds.Select(phase => (phase.Phase, (JsonNode)Math.Round(phase.Seconds, 2))));
        }

        if (Ranks.Count > 1)
        {
            report["ranks"] = Ranks.Count;
            report["sharding"] = Work.Stage.ToString().ToLowerInvariant();
            report["bytes_sent"] = Fields(Traffic.Select(kind => (kind.Kind.Replace(' ', '_'), (JsonNode)Math.Round(kind.Bytes))));
            report["link_seconds"] = TrafficSeconds is { } seconds ? Math.Round(seconds, 3) : null;
        }

        if (Fits == false)
        {
            (IReadOnlyList<PlanChange> changes, MemoryPlan changed) = Advice;
            report["advice"] = new JsonArray([.. changes.Select(change => (JsonNode)new JsonObject { ["set"] = change.Setting, ["cost"] = change.Cost })]);
            report["fits_with_advice"] = changed.PeakBytes <= Limit!.Usable;
        }

        return report;
    }

    private static JsonObject Fields(IEnumerable<(string Name, JsonNode Value)> fields) =>
        new(fields.Select(field => KeyValuePair.Create(field.Name, (JsonNode?)field.Value)));

    private static JsonObject Bench(string file)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(file)) as JsonObject ?? throw new JsonException("it holds no JSON object.");
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"--bench {file}: cannot be read: {error.Message} Expected the output of rlt bench.", error);
        }
    }
}
