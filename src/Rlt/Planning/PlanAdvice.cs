using Rlt.Distributed;

namespace Rlt.Planning;

/// <summary>One change of settings that lowers a run's memory.</summary>
/// <param name="Setting">The setting, as <c>--set</c> takes it.</param>
/// <param name="Cost">What it costs.</param>
public sealed record PlanChange(string Setting, string Cost);

/// <summary>What to change in a run that does not fit.</summary>
public static class PlanAdvice
{
    private const int LeastTokens = 1024;
    private const int LeastRows = 8;
    private const int LoraRank = 16;

    /// <summary>What to do where weights are sharded and sampling therefore sends every layer for every token; null where nothing is better.</summary>
    /// <param name="work">The workload.</param>
    /// <param name="bytes">The memory.</param>
    public static string? ForSharded(Workload work, long bytes)
    {
        if (work is not { Stage: ShardingStage.Zero3, Ranks: > 1, Sampling: { } sampling })
        {
            return null;
        }

        Workload? fitting = Halves(sampling.Rows, LeastRows).Prepend(sampling.Rows)
            .Select(rows => work with { Stage = ShardingStage.Zero2, Sampling = sampling with { Rows = rows } })
            .FirstOrDefault(candidate => MemoryPlan.Of(candidate).PeakBytes <= bytes);
        return fitting is null ? null
            : $"with zero3 every layer is sent for every token that is sampled: sampling_rows={fitting.Sampling!.Rows} and device.sharding=zero2 fit, too";
    }

    /// <summary>The changes with the least cost that together make a workload fit.</summary>
    /// <param name="work">The workload.</param>
    /// <param name="bytes">The memory.</param>
    /// <returns>The changes, cheapest first, and the plan with them; none where nothing is needed. The plan may still not fit.</returns>
    public static (IReadOnlyList<PlanChange> Changes, MemoryPlan Plan) For(Workload work, long bytes)
    {
        var taken = new List<Step>();
        foreach (Step step in Steps(work.OnGpu))
        {
            if (Fits(taken))
            {
                break;
            }

            if (step.Apply(After(taken), bytes) is not null)
            {
                taken.Add(step);
            }
        }

        // A dearer change may have made cheaper ones needless.
        foreach (Step step in Fits(taken) ? taken.SkipLast(1).Reverse().ToArray() : [])
        {
            Step[] others = [.. taken.Where(other => other != step)];
            if (Fits(others))
            {
                taken = [.. others];
            }
        }

        var changes = new List<PlanChange>();
        Workload changed = work;
        foreach (Step step in Enumerable.Reverse(taken))
        {
            if (step.Apply(changed, bytes) is { } next)
            {
                changes.Insert(0, new PlanChange(step.Setting(next), step.Cost));
                changed = next;
            }
        }

        return (changes, MemoryPlan.Of(changed));

        // The dearest first, so that the others are as mild as they then can be.
        Workload After(IEnumerable<Step> steps) => steps.Reverse().Aggregate(work, (so, step) => step.Apply(so, bytes) ?? so);

        bool Fits(IEnumerable<Step> steps) => Excess(After(steps), bytes) == 0;
    }

    // Bytes too many, over all phases: a change may help one phase while another still holds most.
    private static long Excess(Workload work, long bytes) => MemoryPlan.Of(work).Phases.Sum(phase => Math.Max(0, phase.Bytes - bytes));

    // In order of cost.
    private static IEnumerable<Step> Steps(bool onGpu)
    {
        yield return new Step(
            "about a third more time for forward and backward",
            work => work.Training is { KeepGraphs: true } training ? [work with { Training = training with { KeepGraphs = false } }] : [],
            _ => "recompute=true");
        yield return new Step(
            "smaller matrix products",
            work => work.Training is { } training
                ? Halves(training.MicroBatchTokens, LeastTokens).Select(tokens => work with { Training = training with { MicroBatchTokens = tokens } }) : [],
            work => $"micro_batch_tokens={work.Training!.MicroBatchTokens}");
        yield return new Step(
            "smaller matrix products",
            work => Halves(work.ScoringTokens, LeastTokens).Select(tokens => work with { ScoringTokens = tokens }),
            work => $"scoring_tokens={work.ScoringTokens}");
        yield return new Step(
            "sampling takes longer, as weights are read for fewer rows",
            work => work.Sampling is { } sampling
                ? Halves(sampling.Rows, LeastRows).Select(rows => work with { Sampling = sampling with { Rows = rows } })
                : [],
            work => $"sampling_rows={work.Sampling!.Rows}");
        if (onGpu)
        {
            yield return new Step(
                "the update runs on the processor, a few seconds a step for 7 billion weights",
                work => work.Training is { OffloadOptimizer: false } training ? [work with { Training = training with { OffloadOptimizer = true } }] : [],
                _ => "optimizer.offload=true");
            yield return new Step(
                "as before, and every micro-batch's gradients travel to main memory",
                work => work.Training is { OffloadGradients: false } training
                    ? [work with { Training = training with { OffloadOptimizer = true, OffloadGradients = true } }]
                    : [],
                _ => "optimizer.offload=true --set optimizer.offload_gradients=true");
        }

        yield return new Step(
            "adapters are learned, not all weights",
            work => work.Training is { } training && work.Model.Lora is null
                ? [work with { Model = work.Model with { Lora = new() { Rank = LoraRank } },
                    Training = training with { OffloadOptimizer = false, OffloadGradients = false } }] : [],
            work => $"lora.rank={LoraRank}{(work.HasReference ? " --set reference_sync_steps=0" : "")}");
    }

    private static IEnumerable<int> Halves(int from, int least)
    {
        for (int value = from / 2; value >= least; value /= 2)
        {
            yield return value;
        }
    }

    // A change, which may have milder and stronger forms, in that order.
    private sealed record Step(string Cost, Func<Workload, IEnumerable<Workload>> Forms, Func<Workload, string> Setting)
    {
        /// <summary>The mildest form that helps most; null where none helps.</summary>
        public Workload? Apply(Workload work, long bytes)
        {
            (Workload Form, long Excess)[] forms = [.. Forms(work).Select(form => (form, PlanAdvice.Excess(form, bytes)))];
            (Workload Form, long Excess)? best = forms.Length == 0 ? null : forms.MinBy(form => form.Excess);
            return best is { } found && found.Excess < PlanAdvice.Excess(work, bytes) ? found.Form : null;
        }
    }
}
