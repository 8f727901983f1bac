using System.Globalization;
using Rlt.Planning;
using Rlt.RunPlans;
using Rlt.Training;
using Spectre.Console;

namespace Rlt.Cli;

/// <summary>What <c>rlt plan</c> tells people of a run.</summary>
internal sealed class PlanReport(RunPlan plan)
{
    private const long Gigabyte = 1_000_000_000;

    private readonly MemoryPlan _memory = plan.Memory;

    private bool IsSmall => _memory.PeakBytes < Gigabyte;

    private string Peak => $"peak {MemoryLimit.Text(_memory.PeakBytes)} in {_memory.Peak.Name}";

    /// <summary>Prints it.</summary>
    public void Show()
    {
        PlannedConfig config = plan.Config;
        Console.WriteLine(
            $"{config.Command} on {config.Device.Device}: {Weights(plan.Work.Model.Config.ParameterCount)} parameters, "
                + $"{plan.Work.Model.Types}; {config.Lengths}");
        if (plan.Work.Training is { } training)
        {
            Console.WriteLine($"micro_batch_tokens {training.MicroBatchTokens}{Chosen(config.MicroBatchTokens == 0)}, "
                + $"recompute {(training.KeepGraphs ? "false" : "true")}{Chosen(config.Recompute == Recompute.Auto)}");
        }

        if (plan.Ranks.Count > 1)
        {
            Console.WriteLine($"{plan.Ranks.Count} ranks, sharding {plan.Work.Stage.ToString().ToLowerInvariant()}"
                + $"{Chosen(config.Device.Sharding == "auto")}; each holds:");
        }

        ShowTable();
        ShowTraffic();
        if (plan.Limit is { } limit && PlanAdvice.ForSharded(plan.Work, limit.Usable) is { } better)
        {
            Console.WriteLine(better);
        }

        if (_memory.HostBytes > 0)
        {
            Console.WriteLine($"main memory beside it: {MemoryLimit.Text(_memory.HostBytes)}");
        }

        Console.WriteLine(plan.Fits switch
        {
            null => $"{Peak}; no such GPU is here: give its size with --gpu-memory 80G",
            true => $"fits: {Peak}, {MemoryLimit.Text(plan.Limit!.Usable)} usable",
            false => $"does not fit: {Peak}, {MemoryLimit.Text(plan.Limit!.Usable)} usable",
        });
        if (plan.Fits == false)
        {
            ShowAdvice();
        }

        static string Chosen(bool chosen) => chosen ? " (chosen)" : "";
    }

    private void ShowTable()
    {
        Table table = new Table().Border(TableBorder.None).AddColumn(IsSmall ? "MB" : "GB");
        string[] parts = [.. _memory.Phases.SelectMany(phase => phase.Parts.Select(part => part.Name)).Distinct()];
        foreach (PlanPhase phase in _memory.Phases)
        {
            table.AddColumn(new TableColumn(phase.Name).RightAligned());
        }

        foreach (string name in parts)
        {
            table.AddRow([name, .. _memory.Phases.Select(phase => Amount(phase.Parts.FirstOrDefault(part => part.Name == name).Bytes))]);
        }

        table.AddRow(["total", .. _memory.Phases.Select(phase => Amount(phase.Bytes))]);
        if (plan.Seconds.Count > 0)
        {
            table.AddRow(["seconds", .. _memory.Phases.Select(phase => Seconds(phase.Name))]);
        }

        Terminal.Write(table);
    }

    private void ShowTraffic()
    {
        if (plan.Traffic.Count == 0)
        {
            return;
        }

        string kinds = string.Join(", ", plan.Traffic.Select(kind => $"{kind.Kind} {MemoryLimit.Text((long)kind.Bytes)}"));
        string link = plan.TrafficSeconds is { } seconds ? $"; {Shown.Number(seconds)} s on the link, part of it beside the computation" : "";
        Console.WriteLine($"each sends in a step: {kinds}{link}");
    }

    private void ShowAdvice()
    {
        (IReadOnlyList<PlanChange> changes, MemoryPlan changed) = plan.Advice;
        foreach (PlanChange change in changes)
        {
            Console.WriteLine($"  --set {change.Setting}   ({change.Cost})");
        }

        string host = changed.HostBytes > 0 ? $", and {MemoryLimit.Text(changed.HostBytes)} of main memory" : "";
        Console.WriteLine(changed.PeakBytes <= plan.Limit!.Usable
            ? $"with that it fits: peak {MemoryLimit.Text(changed.PeakBytes)} in {changed.Peak.Name}{host}"
            : $"even so the peak is {MemoryLimit.Text(changed.PeakBytes)} in {changed.Peak.Name}: "
                + "use a device with more memory, a smaller model, or shorter texts");
    }

    private static string Weights(long count) => count >= Gigabyte
        ? string.Create(CultureInfo.InvariantCulture, $"{count / 1e9:0.00} billion")
        : string.Create(CultureInfo.InvariantCulture, $"{count / 1e6:0.00} million");

    private string Amount(long bytes) => bytes == 0 ? "" : (bytes / (IsSmall ? 1e6 : 1e9)).ToString("0.0", CultureInfo.InvariantCulture);

    private string Seconds(string phase) =>
        plan.Seconds.FirstOrDefault(time => time.Phase == phase).Seconds is > 0 and var seconds ? seconds.ToString("G3", CultureInfo.InvariantCulture) : "";
}
