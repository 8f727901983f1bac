using Rlt.Distributed;

namespace Rlt.Planning;

/// <summary>Chooses the micro-batch, and whether layers keep their graphs, where the config leaves them to the plan.</summary>
public static class TrainingChoice
{
    // Kept graphs save a quarter of the arithmetic, larger micro-batches little once they are in the thousands.
    private const int LeastWithGraphs = 4096;
    private const int LeastTokens = 1024;
    private const int MostOnCpu = 8192;
    private const int MostOnGpu = 32768;

    /// <summary>The workload with the fastest training whose backward pass fits into a memory, else with the smallest.</summary>
    /// <param name="work">The workload; what its training has is not looked at, but for where states and sums are.</param>
    /// <param name="microBatchTokens">Tokens of a micro-batch; null to choose.</param>
    /// <param name="keepGraphs">Whether graphs are kept; null to choose.</param>
    /// <param name="bytes">The memory.</param>
    /// <param name="stage">What several ranks share out; null to choose: all but the weights, and the weights too where it would not fit otherwise.</param>
    public static Workload Settle(Workload work, int? microBatchTokens, bool? keepGraphs, long bytes, ShardingStage? stage = null)
    {
        Workload[] candidates =
        [
            .. from sharded in stage is { } asked ? [asked] : work.Ranks == 1 ? [work.Stage] : new[] { ShardingStage.Zero2, ShardingStage.Zero3 }
               from keep in keepGraphs is { } given ? [given] : new[] { true, false }
               from tokens in microBatchTokens is { } fixedTokens
                   ? [fixedTokens]
                   : Sizes(work.OnGpu ? MostOnGpu : MostOnCpu, keep && keepGraphs is null ? LeastWithGraphs : LeastTokens)
               select work with { Stage = sharded, Training = work.Training! with { MicroBatchTokens = tokens, KeepGraphs = keep } },
        ];
        bool isStageOpen = stage is null && work.Ranks > 1;
        return candidates.FirstOrDefault(candidate => (isStageOpen ? MemoryPlan.Of(candidate).PeakBytes : BackwardBytes(candidate)) <= bytes) ?? candidates[^1];
    }

    // The only phase in which the choice matters.
    private static long BackwardBytes(Workload work) => MemoryPlan.Of(work).Phases.First(phase => phase.Name == MemoryPlan.Backward).Bytes;

    private static IEnumerable<int> Sizes(int most, int least)
    {
        for (int tokens = most; tokens >= least; tokens /= 2)
        {
            yield return tokens;
        }
    }
}
