using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Rlt.Runs;

/// <summary>What cards say of a run, in words that may be published: no path of this machine beyond its last part.</summary>
public static partial class CardText
{
    private const int SumShown = 16;

    /// <summary>A text whose absolute paths are cut to their last part, or the last two where that is a run's <c>model</c> or <c>traces.jsonl</c>.</summary>
    public static string Public(string text) => RootedPath().Replace(text, match => NameOf(match.Value));

    /// <summary>
    /// The name of a model or data set: <c>org/name</c> of a snapshot in the Hugging Face cache, the path's last parts of another absolute path, else as it is.
    /// </summary>
    public static string NameOf(string path)
    {
        if (HubSnapshot().Match(path) is { Success: true } snapshot)
        {
            return $"{snapshot.Groups["org"]}/{snapshot.Groups["name"]}";
        }

        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return !path.StartsWith('/') || parts.Length == 0 ? path : parts is [.., var run, "model" or "traces.jsonl"] ? $"{run}/{parts[^1]}" : parts[^1];
    }

    /// <summary>The command line by which the run was started first, from its run.json; null where that is not known.</summary>
    public static string? Command(string folder) => RunRecord.Read(folder) is [var first, ..] && first["command"] is JsonValue line
        ? "rlt " + Public(Program().Replace(line.ToString(), "")) : null;

    /// <summary>What the run read: a line a model or file, with the beginning of its SHA-256.</summary>
    public static IEnumerable<string> Inputs(string folder) => RunRecord.Read(folder) is [.., var last] && last["inputs"] is JsonObject inputs
        ? inputs.Select(input => $"| {input.Key} | {NameOf(input.Value?["path"]?.ToString() ?? "")} | "
            + $"{(input.Value?["sha256"]?.ToString() is { Length: > SumShown } sum ? $"`{sum[..SumShown]}…`" : "")} |")
        : [];

    /// <summary>The section of a card on how the run can be made again: command, versions, inputs and settings.</summary>
    public static string Origin(string folder)
    {
        JsonObject? start = RunRecord.Read(folder) is [var first, ..] ? first : null;
        string config = Path.Combine(folder, RunFolder.ConfigFile);
        string[] inputs = [.. Inputs(folder)];
        return (Command(folder) is { } command ? $"```sh\n{command}\n```\n\n" : "")
            + (start is null ? "" : $"rlt {start["rlt"]}{(start["libtorch"] is { } libtorch ? $", libtorch: {libtorch}" : "")}.\n\n")
            + (inputs.Length == 0 ? "" : $"| input | | SHA-256 |\n|---|---|---|\n{string.Join('\n', inputs)}\n\n")
            + (File.Exists(config) ? $"The run's settings:\n\n```yaml\n{Public(File.ReadAllText(config)).TrimEnd()}\n```\n" : "");
    }

    [GeneratedRegex("""(?<![\w./:])/(?:[^/\s"']+/)+[^/\s"']*""")]
    private static partial Regex RootedPath();

    [GeneratedRegex(@"models--(?<org>[^/]+?)--(?<name>[^/]+)/snapshots/[^/]+/?$")]
    private static partial Regex HubSnapshot();

    [GeneratedRegex(@"^(\S*dotnet \S*rlt\.dll|\S*rlt) ")]
    private static partial Regex Program();
}
