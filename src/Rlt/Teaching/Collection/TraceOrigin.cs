using System.Text.Json.Nodes;
using Rlt.Hub;
using Rlt.Runs;

namespace Rlt.Teaching.Collection;

/// <summary>What a trace's row says of where it comes from.</summary>
internal static class TraceOrigin
{
    /// <summary>The part that all rows of a collection share.</summary>
    public static JsonObject Of(CollectConfig config) => new()
    {
        ["teacher"] = Model(config.Model),
        ["student"] = config.Student is { } student ? Model(student) : null,
        ["server"] = config.Server.Url,
        ["format"] = config.Format,
        ["temperature"] = config.Temperature,
        ["top_p"] = config.TopP,
        ["max_new_tokens"] = config.MaxNewTokens,
        ["seed"] = config.Seed,
    };

    private static JsonObject Model(string directory) => new() { ["name"] = HubPath.Shown(directory), ["sha256"] = Fingerprint.Of(directory) };
}
