using Rlt.Distributed;

namespace Rlt.Planning;

/// <summary>What a run holds and does, as far as its memory goes.</summary>
public sealed record Workload
{
    /// <summary>The model that is trained or sampled from.</summary>
    public required ModelSize Model { get; init; }

    /// <summary>Whether the CPU's fused kernels compute; else plain operators.</summary>
    public required bool Fused { get; init; }

    /// <summary>Whether a GPU computes: main memory is then another memory, which can take optimizer and gradients.</summary>
    public bool OnGpu { get; init; }

    /// <summary>The student; null for none.</summary>
    public ModelSize? Student { get; init; }

    /// <summary>Whether the student has weights of its own, not the model's.</summary>
    public bool StudentIsApart { get; init; } = true;

    /// <summary>Explanations that the student learns at once, each of another question; 0 where it is frozen.</summary>
    public int StudentRows { get; init; }

    /// <summary>The teacher whose distribution is learned; null for none.</summary>
    public ModelSize? Teacher { get; init; }

    /// <summary>Whether the teacher has weights of its own, not the model's.</summary>
    public bool TeacherIsApart { get; init; } = true;

    /// <summary>Whether there is a reference model's pass.</summary>
    public bool HasReference { get; init; }

    /// <summary>Sampling; null for none.</summary>
    public SamplingLoad? Sampling { get; init; }

    /// <summary>Samples of a step or a block, of which so many are drawn at once as <see cref="Sampling"/> says.</summary>
    public long Samples { get; init; }

    /// <summary>Training; null for none.</summary>
    public TrainingLoad? Training { get; init; }

    /// <summary>Tokens of a scoring pass; 0 for none.</summary>
    public int ScoringTokens { get; init; }

    /// <summary>Tokens that the samples of a question share when they are scored or learned; 0 for none.</summary>
    public int SharedTokens { get; init; }

    /// <summary>The ranks that share the work, each with a device of its own.</summary>
    public int Ranks { get; init; } = 1;

    /// <summary>What each of them holds only its share of.</summary>
    public ShardingStage Stage { get; init; }

    /// <summary>Tokens of the longest sequence.</summary>
    public required int LongestSequence { get; init; }
}

/// <summary>How weights are trained.</summary>
/// <param name="MicroBatchTokens">Tokens of one forward and backward pass.</param>
/// <param name="KeepGraphs">Keeps layers' graphs instead of computing the layers again.</param>
/// <param name="OffloadOptimizer">Moments and master weights are in main memory.</param>
/// <param name="OffloadGradients">The sums of gradients are in main memory.</param>
public sealed record TrainingLoad(int MicroBatchTokens, bool KeepGraphs, bool OffloadOptimizer = false, bool OffloadGradients = false);
