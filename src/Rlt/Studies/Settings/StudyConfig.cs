using Rlt.Configuration;

namespace Rlt.Studies.Settings;

/// <summary>An experiment of several arms and seeds, whose finished runs a study reads.</summary>
public sealed record StudyConfig : IValidated
{
    /// <summary>The report's title.</summary>
    public required string Title { get; init; }

    /// <summary>Markdown below the title; null: none.</summary>
    public string? Intro { get; init; }

    /// <summary>The folder that the arms' paths are relative to.</summary>
    [ConfigPath(PathKind.Input)]
    public string Runs { get; init; } = ".";

    /// <summary>The seeds; <c>{seed}</c> in an arm's path stands for each.</summary>
    public required IReadOnlyList<int> Seeds { get; init; }

    /// <summary>The report's sections, in order.</summary>
    public required IReadOnlyList<SectionConfig> Sections { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Problems() =>
    [
        .. SeedProblems(nameof(Seeds), Seeds),
        .. Sections.Count > 0 ? Enumerable.Empty<ConfigProblem>() : [new ConfigProblem(nameof(Sections), "is empty; expected one section or more")],
    ];

    /// <summary>What is wrong with a list of seeds.</summary>
    internal static IEnumerable<ConfigProblem> SeedProblems(string key, IReadOnlyList<int> seeds) => seeds.Count > 0 && seeds.Distinct().Count() == seeds.Count
        ? []
        : [new ConfigProblem(key, $"is [{string.Join(", ", seeds)}]; expected one seed or more, each once")];
}
