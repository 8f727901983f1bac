namespace Rlt.Studies.Settings;

/// <summary>Two arms that are compared on the same questions and seeds.</summary>
public sealed record ComparisonConfig
{
    /// <summary>The arm that is expected to be better.</summary>
    public required string Arm { get; init; }

    /// <summary>The arm that it is compared with.</summary>
    public required string Over { get; init; }

    /// <summary>Whether the study claims that the first is better; otherwise the difference is only told.</summary>
    public bool Claim { get; init; }
}
