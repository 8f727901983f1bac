using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rlt.Benchmarks;
using Rlt.Planning;
using Rlt.Platform;
using Rlt.Training;
using Spectre.Console;

namespace Rlt.Cli;

/// <summary>What <c>rlt plan</c> tells of a run.</summary>
/// <param name="Config">The run.</param>
/// <param name="Work">Its workload, everything decided.</param>
/// <param name="Limit">The memory it must fit into; null for a GPU of unknown size.</param>
/// <param name="Seconds">The expected time of a step by phase; empty without a bench.</param>
internal sealed record PlanReport(PlannedConfig Config, Workload Work, MemoryLimit? Limit, IReadOnlyList<(string Phase, double Seconds)> Seconds)
{
    private const long Gigabyte = 1_000_000_000;

    private MemoryPlan Plan { get; } = MemoryPlan.Of(Work);

    private bool IsSmall => Plan.PeakBytes < Gigabyte;

    private bool? Fits => Limit is null ? null : Plan.PeakBytes <= Limit.Usable;

    /// <summary>The report of a config.</summary>
    /// <param name="config">The config.</param>
    /// <param name="gpuBytes">The GPU's memory; null asks the device.</param>
    /// <param name="benchFile">A report of <c>rlt bench</c>, or null.</param>
    public static PlanReport Of(PlannedConfig config, long? gpuBytes, string? benchFile)
    {
        MemoryLimit? choosing = PlannedRun.Limit(config.Device, gpuBytes);
        Workload work = config.Work.Training is null
            ? config.Work
            : PlannedRun.Decide(config.Work, config.MicroBatchTokens, config.Recompute, choosing ?? new MemoryLimit(long.MaxValue, long.MaxValue));
        MemoryLimit? limit = Workloads.OnGpu(config.Device) ? choosing : MemoryLimit.OfMain(MachineMemory.Available);
        return new PlanReport(config, work, limit, benchFile is null ? [] : StepTime.Of(work, config.Step, Bench(benchFile)));
    }

    /// <summary>The report for programs: bytes and seconds.</summary>
    public JsonObject ToJson()
    {
        var report = new JsonObject
        {
            ["command"] = Config.Command,
            ["device"] = Config.Device.Device,
            ["fits"] = Fits,
            ["peak_bytes"] = Plan.PeakBytes,
            ["peak_phase"] = Plan.Peak.Name,
            ["usable_bytes"] = Limit?.Usable,
            ["host_bytes"] = Plan.HostBytes,
        };
        if (Work.Training is { } training)
        {
            report["micro_batch_tokens"] = training.MicroBatchTokens;
            report["recompute"] = !training.KeepGraphs;
        }

        report["phases"] = new JsonObject(Plan.Phases.Select(phase => KeyValuePair.Create(phase.Name, (JsonNode?)new JsonObject(
            phase.Parts.Select(part => KeyValuePair.Create(part.Name.Replace(' ', '_').ToLowerInvariant(), (JsonNode?)part.Bytes)).Append(KeyValuePair.Create("total", (JsonNode?)phase.Bytes))))));
        if (Seconds.Count > 0)
        {
            report["step_seconds"] = new JsonObject(Seconds.Select(phase => KeyValuePair.Create(phase.Phase, (JsonNode?)Math.Round(phase.Seconds, 2))));
        }

        if (Fits == false)
        {
            (IReadOnlyList<PlanChange> changes, MemoryPlan changed) = PlanAdvice.For(Work, Limit!.Usable);
            report["advice"] = new JsonArray([.. changes.Select(change => (JsonNode)new JsonObject { ["set"] = change.Setting, ["cost"] = change.Cost })]);
            report["fits_with_advice"] = changed.PeakBytes <= Limit.Usable;
        }

        return report;
    }

    /// <summary>Prints the report for people.</summary>
    public void Show()
    {
        Console.WriteLine($"{Config.Command} on {Config.Device.Device}: {Weights(Work.Model.Config.ParameterCount)} parameters, {Work.Model.Types}; {Config.Lengths}");
        if (Work.Training is { } training)
        {
            Console.WriteLine($"micro_batch_tokens {training.MicroBatchTokens}{Chosen(Config.MicroBatchTokens == 0)}, recompute {(training.KeepGraphs ? "false" : "true")}{Chosen(Config.Recompute == Recompute.Auto)}");
        }

        ShowTable();
        if (Plan.HostBytes > 0)
        {
            Console.WriteLine($"main memory beside it: {MemoryLimit.Text(Plan.HostBytes)}");
        }

        Console.WriteLine(Verdict());
        ShowAdvice();

        static string Chosen(bool chosen) => chosen ? " (chosen)" : "";
    }

    private void ShowTable()
    {
        Table table = new Table().Border(TableBorder.None).AddColumn(IsSmall ? "MB" : "GB");
        string[] parts = [.. Plan.Phases.SelectMany(phase => phase.Parts.Select(part => part.Name)).Distinct()];
        foreach (PlanPhase phase in Plan.Phases)
        {
            table.AddColumn(new TableColumn(phase.Name).RightAligned());
        }

        foreach (string name in parts)
        {
            table.AddRow([name, .. Plan.Phases.Select(phase => Amount(phase.Parts.FirstOrDefault(part => part.Name == name).Bytes))]);
        }

        table.AddRow(["total", .. Plan.Phases.Select(phase => Amount(phase.Bytes))]);
        if (Seconds.Count > 0)
        {
            table.AddRow(["seconds", .. Plan.Phases.Select(phase => Seconds.FirstOrDefault(time => time.Phase == phase.Name).Seconds is > 0 and var seconds ? Number(seconds) : "")]);
        }

        Terminal.Write(table);
    }

    private string Verdict() => Fits switch
    {
        null => $"peak {MemoryLimit.Text(Plan.PeakBytes)} in {Plan.Peak.Name}; no such GPU is here: give its size with --gpu-memory 80G",
        true => $"fits: peak {MemoryLimit.Text(Plan.PeakBytes)} in {Plan.Peak.Name}, {MemoryLimit.Text(Limit!.Usable)} usable",
        false => $"does not fit: peak {MemoryLimit.Text(Plan.PeakBytes)} in {Plan.Peak.Name}, {MemoryLimit.Text(Limit!.Usable)} usable",
    };

    private void ShowAdvice()
    {
        if (Fits != false)
        {
            return;
        }

        (IReadOnlyList<PlanChange> changes, MemoryPlan changed) = PlanAdvice.For(Work, Limit!.Usable);
        foreach (PlanChange change in changes)
        {
            Console.WriteLine($"  --set {change.Setting}   ({change.Cost})");
        }

        Console.WriteLine(changed.PeakBytes <= Limit.Usable
            ? $"with that it fits: peak {MemoryLimit.Text(changed.PeakBytes)} in {changed.Peak.Name}{(changed.HostBytes > 0 ? $", and {MemoryLimit.Text(changed.HostBytes)} of main memory" : "")}"
            : $"even so the peak is {MemoryLimit.Text(changed.PeakBytes)} in {changed.Peak.Name}: use a device with more memory, a smaller model, or shorter texts");
    }

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

    private static string Weights(long count) => count >= Gigabyte
        ? string.Create(CultureInfo.InvariantCulture, $"{count / 1e9:0.00} billion")
        : string.Create(CultureInfo.InvariantCulture, $"{count / 1e6:0.00} million");

    private string Amount(long bytes) => bytes == 0 ? "" : (bytes / (IsSmall ? 1e6 : 1e9)).ToString("0.0", CultureInfo.InvariantCulture);

    private static string Number(double value) => value.ToString("G3", CultureInfo.InvariantCulture);
}
