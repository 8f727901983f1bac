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

/// <summary>An arm of an experiment: the same procedure with each seed.</summary>
public sealed record ArmConfig
{
    /// <summary>The short name that comparisons use.</summary>
    public required string Name { get; init; }

    /// <summary>What it is, in a few words.</summary>
    public required string Label { get; init; }

    /// <summary>The run folder of eval; <c>{seed}</c> stands for the seed, and a path without it is one run that serves for all.</summary>
    public required string Eval { get; init; }

    /// <summary>The JSONL file of traces, of collect or score, that the student learned from; null: none.</summary>
    public string? Traces { get; init; }

    /// <summary>The run folder of train-teacher whose teacher wrote the traces; null: none.</summary>
    public string? Teacher { get; init; }
}

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
