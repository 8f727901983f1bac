using System.Text.Json.Nodes;
using Rlt.Configuration;
using Rlt.Configuration.Resuming;
using Rlt.Hub;
using Rlt.Runs;

namespace Rlt.Cli;

/// <summary>Compares what a run was made with and what is to go on with it.</summary>
/// <param name="Refused">What may not differ and does.</param>
/// <param name="Changed">What may differ and does.</param>
/// <param name="Warnings">What may differ and deserves a word.</param>
internal sealed record ResumeCheck(IReadOnlyList<string> Refused, IReadOnlyList<ConfigChange> Changed, IReadOnlyList<string> Warnings)
{
    private const string Sha256 = "sha256";
    private const int SumShown = 12;

    /// <summary>What a config reads, by its settings: path and fingerprint, as run.json has them.</summary>
    public static JsonObject Inputs(DataRunConfig config) => new(ConfigInput.Of(config).Select(input => KeyValuePair.Create(
        input.Key, (JsonNode?)new JsonObject { ["path"] = HubPath.Shown(input.Path), [Sha256] = Fingerprint.Of(input.Path) })));

    /// <summary>The comparison. A path may be another one as long as it leads to the same.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="before">Its config.</param>
    /// <param name="now">The config to go on with.</param>
    /// <param name="inputs">What that reads, as <see cref="Inputs"/> gives it.</param>
    public static ResumeCheck Of(string folder, DataRunConfig before, DataRunConfig now, JsonObject inputs)
    {
        JsonObject? earlier = RunRecord.Read(folder) is [.., var last] ? last["inputs"] as JsonObject : null;
        ConfigInput[] known = [.. ConfigInput.Of(now).Where(input => !input.MayChange && Sum(earlier, input.Key) is not null && Sum(inputs, input.Key) is not null)];
        IReadOnlyList<ConfigChange> changes = ConfigChange.Between(before, now);
        ILookup<bool, ConfigChange> told = changes.Where(change => known.All(input => input.Key != change.Key)).ToLookup(change => change.MayChange);
        List<string> refused = [.. told[false].Select(Text)], warnings = [];
        foreach (ConfigInput input in known.Where(input => Sum(earlier, input.Key) != Sum(inputs, input.Key)))
        {
            // A shipped file that is called by its name comes with rlt, and its wording may have changed.
            bool isNamed = input.Kind == PathKind.FileOrName && changes.All(change => change.Key != input.Key);
            (isNamed ? warnings : refused).Add($"{input.Key} {earlier![input.Key]!["path"]} there, {input.Path} now, with other contents "
                + $"(SHA-256 {Sum(earlier, input.Key)![..SumShown]}…, {Sum(inputs, input.Key)![..SumShown]}…)");
        }

        return new ResumeCheck(refused, [.. told[true]], warnings);
    }

    /// <summary>A change, for people.</summary>
    public static string Text(ConfigChange change) => $"{change.Key} {change.Before} there, {change.Now} now";

    private static string? Sum(JsonObject? inputs, string key) =>
        inputs?[key] is JsonObject input && input[Sha256] is JsonValue value && value.TryGetValue(out string? sum) && sum.Length > SumShown ? sum : null;
}
