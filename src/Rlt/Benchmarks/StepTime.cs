using System.Globalization;
using System.Text.Json.Nodes;
using Rlt.Distributed;
using Rlt.Planning;

namespace Rlt.Benchmarks;

/// <summary>The tokens of one step.</summary>
/// <param name="Samples">Explanations sampled; 0 for none.</param>
/// <param name="SampledTokens">Tokens drawn for each.</param>
/// <param name="Sequences">Sequences that are scored and learned.</param>
/// <param name="SequenceTokens">Tokens of each.</param>
public sealed record StepWork(long Samples, int SampledTokens, long Sequences, double SequenceTokens);

/// <summary>How long a step takes on a machine that <c>rlt bench</c> measured, by what the step computes and reads.</summary>
/// <remarks>
/// A phase's share of the machine's peak is taken to be that of the bench's like phase, so the bench may have measured another model of the
/// same kind. Phases that the bench did not measure are left out.
/// </remarks>
public static class StepTime
{
    /// <summary>Seconds by phase.</summary>
    /// <param name="work">The run.</param>
    /// <param name="step">Its step.</param>
    /// <param name="bench">A report of <c>rlt bench</c>.</param>
    public static IReadOnlyList<(string Phase, double Seconds)> Of(Workload work, StepWork step, JsonObject bench)
    {
        double tokens = step.Sequences * step.SequenceTokens / work.Ranks, context = step.SequenceTokens / 2;
        double forward = tokens * Arithmetic.ForwardFlops(work.Model.Config, context);
        double student = work.Student is { } scorer ? tokens * Arithmetic.ForwardFlops(scorer.Config, context) : 0;
        double passes = work.Training is { KeepGraphs: false } ? 4.0 / 3 : 1;
        var phases = new (string Phase, double? Seconds)[]
        {
            ("sample", step.Samples > 0 ? Sampling(work, step, bench) : null),
            ("score", work is { ScoringTokens: > 0, Student: not null } ? (forward + student) / Flops(bench, "score") : null),
            ("reference", work.HasReference ? forward / Flops(bench, "score") : null),
            ("backward", work.Training is null ? null : passes * tokens * Arithmetic.TrainingFlops(work.Model.Config, context) / Flops(bench, "sft_step")),
            ("optimizer", work.Training is null
                ? null : Number(bench["grpo_step"], "seconds_optimizer") * work.Model.TrainedCount / Number(bench, "parameters")
                    / (work.Stage == ShardingStage.None ? 1 : work.Ranks)),
        };
        return [.. phases.Where(phase => phase.Seconds is not null).Select(phase => (phase.Phase, phase.Seconds!.Value))];
    }

    // Every step of the batch reads the weights and its rows' cache.
    private static double? Sampling(Workload work, StepWork step, JsonObject bench)
    {
        SamplingLoad load = work.Sampling!;
        KeyValuePair<string, JsonNode?>[] measured = [.. bench["decode"]?.AsObject() ?? []];
        if (measured.Length == 0)
        {
            return null;
        }

        JsonNode? nearest = measured.MinBy(rows => Math.Abs(Math.Log(double.Parse(rows.Key, CultureInfo.InvariantCulture) / load.Rows))).Value;
        double? bytesPerSecond = Number(nearest, "copy_bandwidth_share") * Number(bench, "copy_gb_per_second") * 1e9;
        double samples = Math.Ceiling((double)step.Samples / work.Ranks), rows = Math.Min(load.Rows, samples);
        double steps = Math.Ceiling(samples / rows) * step.SampledTokens;
        return steps * Arithmetic.DecodeBytes(
            work.Model.Config, (int)rows, load.Prompt + (step.SampledTokens / 2.0), work.Model.ElementSize, work.Model.ActivationSize) / bytesPerSecond;
    }

    private static double? Flops(JsonObject bench, string part) => Number(bench[part], "gemm_peak_share") * Number(bench, "gemm_peak_gflops") * 1e9;

    private static double? Number(JsonNode? node, string key) =>
        node is JsonObject fields && fields[key] is JsonValue value && value.TryGetValue(out double number) && number > 0 ? number : null;
}
