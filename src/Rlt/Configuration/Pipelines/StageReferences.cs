namespace Rlt.Configuration.Pipelines;

/// <summary>Puts paths in the place of "stage:NAME", "stage:NAME/FILE" and "out:FILE" in a stage's settings.</summary>
/// <param name="pipeline">The pipeline.</param>
/// <param name="stage">The stage's name.</param>
internal sealed class StageReferences(PipelineConfig pipeline, string stage)
{
    private const string OfStage = "stage:";
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
            else if (value is ScalarNode scalar && Path(scalar, key) is { } path)
            {
                settings.Fields[key] = new ScalarNode(scalar.Place, path, Quoted: true);
            }
        }
    }

    private string? Path(ScalarNode value, string key)
    {
        if (value.Text.StartsWith(OfOut, StringComparison.Ordinal))
        {
            return System.IO.Path.Combine(pipeline.Out, value.Text[OfOut.Length..]);
        }

        if (!value.Text.StartsWith(OfStage, StringComparison.Ordinal))
        {
            return null;
        }

        string[] parts = value.Text[OfStage.Length..].Split('/', 2);
        StageConfig[] before = [.. pipeline.Stages.TakeWhile(other => other.Name != stage)];
        if (before.FirstOrDefault(other => other.Name == parts[0]) is not { } named)
        {
            string expected = NearestKey.Find(parts[0], before.Select(other => other.Name)) is { } near ? $"did you mean 'stage:{near}'?"
                : before.Length == 0 ? "this is the first stage." : $"expected one of {string.Join(", ", before.Select(other => other.Name))}.";
            throw new ConfigException($"{value.Place}: {key} is '{value.Text}', which names no stage before this one; {expected}");
        }

        _stages.Add(named.Name);
        string made = named.Command switch { "collect" => "traces.jsonl", "eval" => "results.jsonl", _ => "model" };
        return System.IO.Path.Combine(pipeline.Out, named.Name, parts.Length > 1 ? parts[1] : made);
    }
}
