using System.Text.Json.Nodes;

namespace Rlt.Configuration.Pipelines;

/// <summary>Stages that are repeated, round after round, each on what the round before has made; their folders are NAME-1, NAME-2 and so on.</summary>
public sealed record RoundsConfig : IValidated
{
    /// <summary>How many rounds. A pipeline that is done goes on with further ones.</summary>
    public required int Count { get; init; }

    /// <summary>
    /// The stages of a round. In their settings "stage:NAME" is a stage of the same round or of those before all rounds, "previous:NAME" and
    /// "previous:NAME/FILE" one of the round before.
    /// </summary>
    public required IReadOnlyList<StageConfig> Stages { get; init; }

    /// <summary>What "previous:NAME" is in the first round, by its NAME: a path, or a "stage:NAME" of those before all rounds.</summary>
    public JsonObject? First { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ConfigProblem> Problems() =>
    [
        .. Ranges.AtLeastOne((nameof(Count), Count)),
        .. Stages.Count == 0 ? [new ConfigProblem(nameof(Stages), "is empty; expected at least one stage")] : Array.Empty<ConfigProblem>(),
    ];

    /// <summary>The name of a stage in a round.</summary>
    public static string NameIn(string stage, int round) => $"{stage}-{round}";
}
