using Rlt.Configuration;

namespace Rlt.Studies.Settings;

/// <summary>Explanations of the same questions by several arms' teachers, quoted side by side.</summary>
public sealed record SamplesConfig : IValidated
{
    /// <summary>The number of questions.</summary>
    public int Questions { get; init; } = 1;

    /// <summary>The names of the section's arms.</summary>
    public required IReadOnlyList<string> Arms { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Problems() =>
    [
        .. Ranges.AtLeastOne((nameof(Questions), Questions)),
        .. Arms.Count > 0 ? Enumerable.Empty<ConfigProblem>() : [new ConfigProblem(nameof(Arms), "is empty; expected the names of arms with traces")],
    ];
}
