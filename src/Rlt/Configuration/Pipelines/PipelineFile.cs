using System.Text.Json;
using System.Text.Json.Nodes;

namespace Rlt.Configuration.Pipelines;

/// <summary>Reads a pipeline's file with the configs of all its stages.</summary>
public static class PipelineFile
{
    /// <summary>Reads it.</summary>
    /// <param name="path">The file, or a shipped one's name.</param>
    /// <param name="overrides">Values that replace the file's: "out=…", "jobs=…".</param>
    /// <param name="recordOf">The record of a command's settings.</param>
    /// <param name="note">Is told of what should be written in another way.</param>
    /// <exception cref="ConfigException">The file or a stage's settings cannot be used; every problem is named, with its stage.</exception>
    public static (PipelineConfig Config, IReadOnlyList<PipelineStage> Stages) Load(
        string path, IReadOnlyList<string> overrides, Func<string, Type> recordOf, Action<string> note)
    {
        PipelineConfig config = ConfigLoader.Load<PipelineConfig>(path, overrides, note);
        int[] rounds = [.. Enumerable.Range(1, config.Rounds?.Count ?? 0)];
        var written = new List<(StageConfig Stage, ConfigNode Node, int Round, SectionNode? First)>();
        foreach (int round in rounds.Prepend(0))
        {
            // Read anew for each round, which writes its own paths into the settings.
            SectionNode file = ConfigLoader.Read(path, []);
            SectionNode section = round == 0 ? file : (SectionNode)file.Fields["rounds"];
            IEnumerable<StageConfig> stages = round == 0 ? config.Stages
                : config.Rounds!.Stages.Select(stage => stage with { Name = RoundsConfig.NameIn(stage.Name, round) });
            written.AddRange(stages.Zip((section.Fields.GetValueOrDefault("stages") as ListNode)?.Items ?? [])
                .Select(pair => (pair.First, pair.Second, round, section.Fields.GetValueOrDefault("first") as SectionNode)));
        }

        config = config with { Stages = [.. written.Select(one => one.Stage)] };
        var read = new List<PipelineStage>();
        var problems = new List<string>();
        var failed = new HashSet<string>();
        foreach ((StageConfig stage, ConfigNode node, int round, SectionNode? first) in written)
        {
            try
            {
                var settings = ((SectionNode)node).Fields.GetValueOrDefault("settings") as SectionNode ?? new SectionNode(node.Place);
                read.Add(Read(config, stage, new StageReferences(config, stage.Name, round, first), settings, recordOf(stage.Command), note) with { Round = round });
            }
            catch (ConfigException error)
            {
                // What is wrong in every round is said of the first.
                problems.AddRange(failed.Add(node.Place) ? error.Message.Split('\n').Select(line => $"stage '{stage.Name}': {line.TrimEnd()}") : []);
            }
        }

        return problems.Count == 0 ? (config, read) : throw new ConfigException(string.Join(Environment.NewLine, problems));
    }

    private static PipelineStage Read(
        PipelineConfig config, StageConfig stage, StageReferences references, SectionNode settings, Type record, Action<string> note)
    {
        if (settings.Fields.TryGetValue("out", out ConfigNode? given))
        {
            throw new ConfigException($"{given.Place}: out is {given.Shown}; leave it out: the stage's folder is {Path.Combine(config.Out, stage.Name)}.");
        }

        references.Resolve(settings);
        var folder = new SectionNode(settings.Place);
        folder.Fields["out"] = new ScalarNode(settings.Place, Path.Combine(config.Out, stage.Name), Quoted: true);
        object values = ConfigLoader.Load(record, stage.Config, [settings, folder], [], note, "Give {0} in the stage's settings, or in its config.");
        string[] from = stage.Config is { } file ? ["--config", file] : [];
        var json = (JsonObject)JsonSerializer.SerializeToNode(values, record, ConfigSchema.Options)!;
        return new PipelineStage(stage.Name, stage.Command, (DataRunConfig)values,
            [stage.Command, .. from, .. Overrides(settings, json, "").SelectMany(text => new[] { "--set", text }), "--out", ((DataRunConfig)values).Out],
            references.Stages);
    }

    // The settings as --set takes them, paths resolved.
    private static IEnumerable<string> Overrides(SectionNode settings, JsonObject values, string prefix)
    {
        foreach ((string key, ConfigNode node) in settings.Fields)
        {
            JsonNode? value = values[key];
            IEnumerable<string> texts = node is SectionNode section && value is JsonObject inner ? Overrides(section, inner, $"{prefix}{key}.")
                : [$"{prefix}{key}={(value is JsonObject or JsonArray ? value.ToJsonString() : ConfigWriter.ValueText(value, 0).Trim())}"];
            foreach (string text in texts)
            {
                yield return text;
            }
        }
    }
}
