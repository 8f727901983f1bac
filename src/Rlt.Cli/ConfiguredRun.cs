using System.Reflection;
using System.Text.Json.Nodes;
using Rlt.Configuration;
using Rlt.Configuration.Resuming;
using Rlt.Evaluation;
using Rlt.Platform;
using Rlt.Runs;
using Rlt.Training.Grpo;
using Rlt.Training.Optimization;
using Rlt.Training.Sft;

namespace Rlt.Cli;

/// <summary>Opens the folder of a run by its config.</summary>
internal static class ConfiguredRun
{
    private const int SumShown = 12;

    /// <summary>A new folder, or one whose earlier run may go on: its settings differ only where they may, and what it reads is still the same.</summary>
    /// <exception cref="ConfigException">As <see cref="RunFolder.Open"/>; all that may not differ is named.</exception>
    public static RunFolder Open<T>(string path, T config)
        where T : DataRunConfig
    {
        JsonObject start = Record(Inputs(config), usesLibtorch: config is not EvalConfig { Server.Url: not null });
        var opened = RunFolder.Open(path, ConfigWriter.ToYaml(config), start, folder =>
        {
            (IReadOnlyList<string> refused, ResumeNotes notes) = Compare(folder, Earlier<T>(path), config, start);
            return refused.Count == 0 ? notes : throw new ConfigException($"{path} holds a run in which these may not change: {string.Join("; ", refused)}. "
                + $"Choose another --out, or repeat what it had ({Path.Combine(path, RunFolder.ConfigFile)}) to go on.");
        });
        StopSignals.Saves(opened);
        return opened;
    }

    /// <summary>What a config reads, by its settings: path and fingerprint, as run.json has them.</summary>
    public static JsonObject Inputs(object config) => new(ConfigInput.Of(config).Select(input => KeyValuePair.Create(
        input.Key, (JsonNode?)new JsonObject { ["path"] = input.Path, ["sha256"] = Fingerprint.Of(input.Path) })));

    /// <summary>What stands against going on with a run, and what is to be said if nothing does.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="before">Its config.</param>
    /// <param name="now">The config to go on with.</param>
    /// <param name="start">The start, with its inputs.</param>
    private static (IReadOnlyList<string> Refused, ResumeNotes Notes) Compare<T>(RunFolder folder, T before, T now, JsonObject start)
        where T : class
    {
        JsonObject? earlier = RunRecord.Read(folder.Path) is [.., var last] ? last["inputs"] as JsonObject : null;
        Dictionary<string, ConfigInput> inputs = ConfigInput.Of(now).Where(input => !input.MayChange).ToDictionary(input => input.Key);
        List<string> refused = [], said = [], warnings = [];
        IReadOnlyList<ConfigChange> changes = ConfigChange.Between(before, now);
        foreach (ConfigChange change in changes.Where(change => !inputs.ContainsKey(change.Key) || !AreKnown(change.Key, earlier, start)))
        {
            (change.MayChange ? said : refused).Add($"{change.Key} {change.Before} there, {change.Now} now");
        }

        foreach ((string key, ConfigInput input) in inputs.Where(input => AreKnown(input.Key, earlier, start)))
        {
            if (Sum(earlier, key) != Sum(start["inputs"], key))
            {
                // A shipped file that is called by its name comes with rlt, and its wording may have.
                bool isNamed = input.Kind == PathKind.FileOrName && changes.All(change => change.Key != key);
                (isNamed ? warnings : refused).Add($"{key} {earlier![key]!["path"]} there, {input.Path} now, with other contents "
                    + $"(SHA-256 {Start(Sum(earlier, key)!)}, {Start(Sum(start["inputs"], key)!)})");
            }
        }

        ScheduleKind? schedule = now is SftConfig sft ? sft.Optimizer.Schedule : (now as GrpoConfig)?.Optimizer.Schedule;
        if (schedule is not (null or ScheduleKind.Constant) && changes.Any(change => change.Key is "steps" or "epochs"))
        {
            warnings.Add($"optimizer.schedule is {schedule.ToString()!.ToLowerInvariant()}, and the run is of another length: "
                + "from here on the learning rate is that of the new length");
        }

        int steps = now is SftConfig { Steps: var sftSteps } ? sftSteps : now is GrpoConfig { Steps: var grpoSteps } ? grpoSteps : 0;
        if (steps > 0 && folder.StepsKept() is var kept && kept > steps)
        {
            refused.Add($"steps {kept} taken there, {steps} now");
        }

        return (refused, new ResumeNotes(said.Count == 0 ? [] : [$"settings that are other than before: {string.Join("; ", said)}"], warnings));
    }

    private static T Earlier<T>(string path)
        where T : class
    {
        string file = Path.Combine(path, RunFolder.ConfigFile);
        try
        {
            return ConfigLoader.Load<T>(file, []);
        }
        catch (ConfigException error)
        {
            throw new ConfigException($"{path} holds a run of another command or version: {error.Message.Split('\n')[0].TrimEnd()} Choose another --out.", error);
        }
    }

    private static string Start(string sum) => sum[..Math.Min(sum.Length, SumShown)] + "…";

    private static bool AreKnown(string key, JsonObject? earlier, JsonObject start) => Sum(earlier, key) is not null && Sum(start["inputs"], key) is not null;

    private static string? Sum(JsonNode? inputs, string key) => inputs?[key]?["sha256"] is JsonValue value && value.TryGetValue(out string? sum) ? sum : null;

    private static JsonObject Record(JsonObject inputs, bool usesLibtorch)
    {
        string version = typeof(ConfiguredRun).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        string[] parts = version.Split('+');
        return new JsonObject
        {
            ["started"] = RunRecord.Now(),
            ["command"] = SameCommand.Line(),
            ["folder"] = Directory.GetCurrentDirectory(),
            ["rlt"] = parts[0],
            ["commit"] = parts.Length > 1 ? parts[1] : null,
            ["libtorch"] = usesLibtorch ? TorchLibrary.Computing : null,
            ["host"] = Environment.MachineName,
            ["inputs"] = inputs,
        };
    }
}
