namespace Rlt.Configuration.Pipelines;

/// <summary>Puts paths in the place of "stage:NAME", "stage:NAME/FILE", "previous:NAME", "previous:NAME/FILE" and "out:FILE" in a stage's settings.</summary>
/// <param name="pipeline">The pipeline, the stages of all its rounds among its stages.</param>
/// <param name="stage">The stage's name.</param>
/// <param name="round">The round that it is of; 0: of none.</param>
/// <param name="first">What "previous:NAME" is in the first round; null where nothing is said.</param>
internal sealed class StageReferences(PipelineConfig pipeline, string stage, int round, SectionNode? first)
{
    private const string OfStage = "stage:";
    private const string OfPrevious = "previous:";
    private const string OfOut = "out:";

    private readonly List<string> _stages = [];

    /// <summary>The stages that were named.</summary>
    public IReadOnlyList<string> Stages => _stages;

    /// <summary>Replaces them in a section and those within it.</summary>
    /// <exception cref="ConfigException">A stage that is named is none before this one.</exception>
    public void Resolve(SectionNode settings)
    {
        foreach ((string key, ConfigNode value) in settings.Fields.ToArray())
        {
            if (value is SectionNode inner)
            {
                Resolve(inner);
            }
            else if (value is ScalarNode scalar)
            {
                settings.Fields[key] = Resolved(scalar, key);
            }
        }
    }

    private ScalarNode Resolved(ScalarNode value, string key)
    {
        (string kind, string name) = new[] { OfStage, OfPrevious, OfOut }.FirstOrDefault(kind => value.Text.StartsWith(kind, StringComparison.Ordinal)) is { } found
            ? (found, value.Text[found.Length..]) : ("", "");
        return kind switch
        {
            OfOut => At(value, Path.Combine(pipeline.Out, name)),
            OfStage => At(value, MadeBy(value, key, name, round, Before())),
            OfPrevious when round == 1 && OfRound.Contains(name.Split('/')[0]) => Resolved(First(value, key, name), key),
            OfPrevious => At(value, MadeBy(value, key, name, round - 1, OfRound)),
            _ => value,
        };
    }

    private string[] OfRound => round == 0 ? [] : [.. pipeline.Rounds!.Stages.Select(other => other.Name)];

    private static ScalarNode At(ScalarNode value, string path) => new(value.Place, path, Quoted: true);

    // As its settings name them: those of its own round without their number.
    private string[] Before()
    {
        string[] before = [.. pipeline.Stages.TakeWhile(other => other.Name != stage).Select(other => other.Name)];
        return [.. before.Where(name => !IsOfRounds(name)), .. pipeline.Rounds?.Stages.Select(other => other.Name).Where(name => before.Contains(NameIn(name, round))) ?? []];
    }

    private string MadeBy(ScalarNode value, string key, string reference, int ofRound, string[] known)
    {
        string[] parts = reference.Split('/', 2);
        if (!known.Contains(parts[0]))
        {
            string kind = value.Text[..(value.Text.IndexOf(':', StringComparison.Ordinal) + 1)];
            string expected = NearestKey.Find(parts[0], known) is { } near ? $"did you mean '{kind}{near}'?"
                : known.Length > 0 ? $"expected one of {string.Join(", ", known)}." : kind == OfPrevious ? "this stage is of no round." : "this is the first stage.";
            throw new ConfigException($"{value.Place}: {key} is '{value.Text}', which names no stage {(kind == OfPrevious ? "of the round before" : "before this one")}; {expected}");
        }

        StageConfig named = pipeline.Stages.First(other => other.Name == NameIn(parts[0], ofRound));
        _stages.Add(named.Name);
        string made = named.Command switch { "collect" => "traces.jsonl", "eval" => "results.jsonl", _ => "model" };
        return Path.Combine(pipeline.Out, named.Name, parts.Length > 1 ? parts[1] : made);
    }

    private ScalarNode First(ScalarNode value, string key, string name) => first?.Fields.GetValueOrDefault(name) is ScalarNode start
        && !start.Text.StartsWith(OfPrevious, StringComparison.Ordinal)
        ? start
        : throw new ConfigException($"{value.Place}: {key} is '{value.Text}', and no round is before the first; "
            + $"expected what stands for it there: rounds.first: {{{name}: PATH}}.");

    private bool IsOfRounds(string name) =>
        pipeline.Rounds is { } rounds && Enumerable.Range(1, rounds.Count).Any(number => rounds.Stages.Any(other => RoundsConfig.NameIn(other.Name, number) == name));

    private string NameIn(string name, int number) =>
        pipeline.Rounds?.Stages.Any(other => other.Name == name) == true ? RoundsConfig.NameIn(name, number) : name;
}
