namespace Rlt.Studies.Settings;

/// <summary>A quantity of the arms' traces, set against the accuracy of the students that learned from them.</summary>
public sealed record CorrelationConfig
{
    /// <summary>Whether the study claims that students get better as the quantity grows; otherwise r is only told.</summary>
    public bool Claim { get; init; }

    /// <summary>A number in the rows of the traces, such as reward; its mean over the rows counts.</summary>
    public required string X { get; init; }

    /// <summary>The names of the section's arms that are its points.</summary>
    public required IReadOnlyList<string> Arms { get; init; }
}
