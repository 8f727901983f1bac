using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Rlt.Configuration.Reference;

namespace Rlt.Configuration.Pipelines;

/// <summary>A pipeline: commands that are run one after the other, each on what those before it have made.</summary>
public sealed partial record PipelineConfig : IValidated
{
    /// <summary>The folder in which every stage has a run folder of its name.</summary>
    [ConfigPath(PathKind.Run)]
    public required string Out { get; init; }

    /// <summary>Stages that run side by side at most, where they need nothing of each other.</summary>
    public int Jobs { get; init; } = 1;

    /// <summary>The stages, in an order in which each comes after those whose output it takes.</summary>
    public IReadOnlyList<StageConfig> Stages { get; init; } = [];

    /// <summary>Stages that are repeated after these, round after round; null for none.</summary>
    public RoundsConfig? Rounds { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Problems() =>
    [
        .. Ranges.AtLeastOne((nameof(Jobs), Jobs)),
        .. Stages.Count == 0 && Rounds is null ? [new ConfigProblem(nameof(Stages), "is empty; expected at least one stage")] : Array.Empty<ConfigProblem>(),
        .. Twice("stages", Stages, []),
        .. Rounds is { } rounds
            ? Twice("rounds.stages", rounds.Stages, [.. Stages.Select(stage => stage.Name), .. Stages.Select(stage => RoundOf().Replace(stage.Name, ""))])
            : [],
    ];

    // A round's NAME-1 is no other stage's name, either.
    private static IEnumerable<ConfigProblem> Twice(string key, IReadOnlyList<StageConfig> stages, IReadOnlyList<string> others) =>
        from pair in stages.Index()
        where others.Concat(stages.Take(pair.Index).Select(stage => stage.Name)).Contains(pair.Item.Name)
        select new ConfigProblem($"{key}[{pair.Index}].name", $"is '{pair.Item.Name}', as another stage's; expected a name of its own");

    [GeneratedRegex(@"-[0-9]+\z")]
    private static partial Regex RoundOf();
}

/// <summary>A stage of a pipeline.</summary>
public sealed partial record StageConfig : IValidated
{
    /// <summary>Its name, and that of its folder: letters, digits, - and _.</summary>
    public required string Name { get; init; }

    /// <summary>The command that it runs.</summary>
    [ConfigValues("warmup", "train-teacher", "collect", "distill", "train-solver", "eval")]
    public required string Command { get; init; }

    /// <summary>The command's config: a file, or a shipped one's name; null: the settings alone.</summary>
    [ConfigPath(PathKind.FileOrName)]
    public string? Config { get; init; }

    /// <summary>
    /// Settings of the command in place of the config's. "stage:NAME" stands for the output of a stage before this one (its model, traces.jsonl or
    /// results.jsonl), "stage:NAME/FILE" for a file of its folder, "out:FILE" for one below the pipeline's own.
    /// </summary>
    public JsonObject? Settings { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Problems()
    {
        if (!FolderName().IsMatch(Name))
        {
            yield return new ConfigProblem(nameof(Name), $"is '{Name}'; expected letters, digits, - and _");
        }

        IReadOnlyList<string> commands = ConfigSchema.ValuesOf(typeof(StageConfig), "command");
        if (!commands.Contains(Command))
        {
            yield return new ConfigProblem(nameof(Command), $"is '{Command}'; "
                + (NearestKey.Find(Command, commands) is { } near ? $"did you mean '{near}'?" : $"expected one of {string.Join(", ", commands)}"));
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9_-]*\z")]
    private static partial Regex FolderName();
}
