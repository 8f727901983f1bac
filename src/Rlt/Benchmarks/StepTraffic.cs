using Rlt.Distributed;
using Rlt.Planning;

namespace Rlt.Benchmarks;

/// <summary>Bytes that each rank must send in one step, by what they are: those of the ring algorithms, the least there is.</summary>
/// <remarks>Source: ZeRO (arXiv 1910.02054), section 7.</remarks>
public static class StepTraffic
{
    private const int GradientBytes = 4;

    /// <summary>Bytes by kind; none for one rank.</summary>
    /// <param name="work">The run, everything decided.</param>
    /// <param name="step">Its step.</param>
    public static IReadOnlyList<(string Kind, double Bytes)> Of(Workload work, StepWork step)
    {
        if (work.Ranks == 1)
        {
            return [];
        }

        double share = (work.Ranks - 1.0) / work.Ranks;
        double passes = work.Training is { } training ? Passes(training.MicroBatchTokens) : 0;
        double gradients = share * GradientBytes * work.Model.TrainedCount * (work.Training is null ? 0 : work.Stage switch
        {
            ShardingStage.None => 2,
            ShardingStage.Zero1 => 1,
            _ => passes,
        });
        double weights = share * work.Model.ElementSize * (work.Training is not null && work.Stage is ShardingStage.Zero1 or ShardingStage.Zero2
            ? work.Model.TrainedCount : 0);
        (string, double)[] kinds =
            [("gradients", gradients), ("new weights", weights), ("gathered layers", work.Stage == ShardingStage.Zero3 ? share * Gathered() : 0)];
        return [.. kinds.Where(kind => kind.Item2 > 0)];

        // Whole sequences, at least one a pass.
        double Passes(int budget) => Math.Ceiling(Math.Ceiling((double)step.Sequences / work.Ranks) / Math.Max(1, Math.Floor(budget / step.SequenceTokens)));

        // Every pass brings each layer together once, a backward pass twice.
        double Gathered()
        {
            double scoring = work.ScoringTokens > 0 ? Passes(work.ScoringTokens) : 0;
            double decoding = work.Sampling is { } load && step.Samples > 0
                ? Math.Ceiling(Math.Ceiling((double)step.Samples / work.Ranks) / load.Rows) * step.SampledTokens : 0;
            double ofModel = (2 * passes) + decoding + (work.HasReference ? scoring : 0) + (work.Student is null ? 0 : scoring);
            return (ofModel * work.Model.WeightBytes) + (work.Student is { } student ? scoring * student.WeightBytes : 0);
        }
    }
}
