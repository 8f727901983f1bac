namespace Rlt.Benchmarks;

/// <summary>The parts of a benchmark.</summary>
[Flags]
public enum BenchParts
{
    /// <summary>Prompts into the cache.</summary>
    Prefill = 1,

    /// <summary>One token after another.</summary>
    Decode = 2,

    /// <summary>Log-probabilities of all tokens.</summary>
    Score = 4,

    /// <summary>A step of supervised fine-tuning.</summary>
    Sft = 8,

    /// <summary>A step of GRPO, by phase.</summary>
    Grpo = 16,

    /// <summary>Samples of one length, and with one among them that is ten times as long.</summary>
    Uneven = 32,

    /// <summary>A step of on-policy distillation, beside its parts.</summary>
    Opd = 64,

    /// <summary>All of them.</summary>
    All = Prefill | Decode | Score | Sft | Grpo | Uneven | Opd,
}

/// <summary>What a benchmark runs.</summary>
public sealed record BenchOptions
{
    /// <summary>The parts.</summary>
    public BenchParts Parts { get; init; } = BenchParts.All;

    /// <summary>Sequences of a scoring pass and of a training step.</summary>
    public int Batch { get; init; } = 16;

    /// <summary>Tokens of each of them.</summary>
    public int Tokens { get; init; } = 512;

    /// <summary>Tokens of a prompt.</summary>
    public int Prompt { get; init; } = 128;

    /// <summary>Tokens drawn after it.</summary>
    public int NewTokens { get; init; } = 128;

    /// <summary>Numbers of sequences to decode at once.</summary>
    public IReadOnlyList<int> Rows { get; init; } = [1, 2, 4, 8, 16, 64, 256];

    /// <summary>Questions of a step of GRPO or on-policy distillation.</summary>
    public int Questions { get; init; } = 4;

    /// <summary>Samples of each question.</summary>
    public int Group { get; init; } = 16;

    /// <summary>Runs of each measurement, of which the median counts.</summary>
    public int Repetitions { get; init; } = 3;

    /// <summary>Tokens of one pass.</summary>
    public int TokenBudget { get; init; } = 8192;

    /// <summary>Computes layers again in the backward pass instead of keeping their graphs.</summary>
    public bool Recompute { get; init; }
}
