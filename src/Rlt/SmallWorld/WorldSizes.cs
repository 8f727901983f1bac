namespace Rlt.SmallWorld;

/// <summary>How many rows each data file gets.</summary>
public sealed record WorldSizes
{
    /// <summary>Texts for the base model.</summary>
    public int Pretrain { get; init; } = 60_000;

    /// <summary>Explained problems for the frozen student of the reward.</summary>
    public int Student { get; init; } = 8_000;

    /// <summary>Explained problems, careful and careless, for the teacher's warm-up.</summary>
    public int Warmup { get; init; } = 4_000;

    /// <summary>Problems for the teacher's reinforcement learning.</summary>
    public int Rl { get; init; } = 2_000;

    /// <summary>Problems whose explanations the teachers write for the students.</summary>
    public int Distill { get; init; } = 2_500;

    /// <summary>Problems of the evaluation.</summary>
    public int HeldOut { get; init; } = 400;
}
