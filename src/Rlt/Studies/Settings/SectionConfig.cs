using Rlt.Configuration;

namespace Rlt.Studies.Settings;

/// <summary>A section of a study: arms, and what is asked of them.</summary>
public sealed record SectionConfig : IValidated
{
    private const int FewestCorrelated = 3;

    /// <summary>Its heading.</summary>
    public required string Title { get; init; }

    /// <summary>Markdown below the heading: what is compared, what is equalised; null: none.</summary>
    public string? Text { get; init; }

    /// <summary>The section's seeds; null: the study's.</summary>
    public IReadOnlyList<int>? Seeds { get; init; }

    /// <summary>The arms, in the order of tables and pictures.</summary>
    public required IReadOnlyList<ArmConfig> Arms { get; init; }

    /// <summary>Which arms are compared.</summary>
    public IReadOnlyList<ComparisonConfig> Compare { get; init; } = [];

    /// <summary>A quantity of the arms' traces that is set against their accuracy; null: none.</summary>
    public CorrelationConfig? Correlation { get; init; }

    /// <summary>Explanations that the report quotes; null: none.</summary>
    public SamplesConfig? Samples { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Problems() =>
    [
        .. Seeds is null ? [] : StudyConfig.SeedProblems(nameof(Seeds), Seeds),
        .. ArmProblems(),
        .. Compare.SelectMany((comparison, i) => ComparisonProblems($"{nameof(Compare)}[{i}]", comparison)),
        .. Correlation is null ? [] : CorrelationProblems($"{nameof(Correlation)}.arms", Correlation.Arms),
        .. Samples is null ? [] : TracedArms($"{nameof(Samples)}.arms", Samples.Arms),
    ];

    private IEnumerable<ConfigProblem> ArmProblems()
    {
        if (Arms.Count == 0)
        {
            yield return new ConfigProblem(nameof(Arms), "is empty; expected one arm or more");
        }

        if (Arms.GroupBy(arm => arm.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            yield return new ConfigProblem(nameof(Arms), $"has two arms '{twice.Key}'; expected a name of its own for each");
        }
    }

    private IEnumerable<ConfigProblem> ComparisonProblems(string key, ComparisonConfig comparison) =>
    [
        .. Known($"{key}.arm", comparison.Arm),
        .. Known($"{key}.over", comparison.Over),
        .. comparison.Arm == comparison.Over ? new[] { new ConfigProblem($"{key}.over", $"is '{comparison.Over}', the arm itself; expected another arm") } : [],
    ];

    private IEnumerable<ConfigProblem> CorrelationProblems(string key, IReadOnlyList<string> names) =>
    [
        .. TracedArms(key, names),
        .. names.Distinct().Count() >= FewestCorrelated && names.Distinct().Count() == names.Count
            ? Enumerable.Empty<ConfigProblem>()
            : [new ConfigProblem(key, $"is [{string.Join(", ", names)}]; expected {FewestCorrelated} arms or more, each once")],
    ];

    private IEnumerable<ConfigProblem> TracedArms(string key, IReadOnlyList<string> names) =>
    [
        .. names.SelectMany(name => Known(key, name)),
        .. names.Where(name => Arms.Any(arm => arm.Name == name && arm.Traces is null))
            .Select(name => new ConfigProblem(key, $"names '{name}', which has no traces. Give that arm its traces, or leave it out")),
    ];

    private IEnumerable<ConfigProblem> Known(string key, string name) => Arms.Any(arm => arm.Name == name)
        ? []
        : [new ConfigProblem(key, $"is '{name}', and no arm of this section has that name; expected one of {string.Join(", ", Arms.Select(arm => arm.Name))}")];
}
