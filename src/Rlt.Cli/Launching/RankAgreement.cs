using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rlt.Configuration;
using Rlt.Configuration.Resuming;
using Rlt.Distributed;
using Rlt.Evaluation;
using Rlt.Runs;
using Rlt.Teaching.Collection;

namespace Rlt.Cli.Launching;

/// <summary>Ranks compare, before any model is loaded, their program, settings and what these read.</summary>
internal static class RankAgreement
{
    private const int ShownDifferences = 5;
    private const int ShownSum = 12;

    /// <summary>Fails on every rank where one is other than rank 0, or two ask for one GPU.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="config">This rank's settings.</param>
    /// <exception cref="ConfigException">Says which rank differs in what.</exception>
    public static void Require(ICollectives ranks, object config)
    {
        if (ranks.Size == 1)
        {
            return;
        }

        var own = new JsonObject { ["version"] = Version() };
        AddFields(own, "", JsonSerializer.SerializeToNode(config, config.GetType(), ConfigSchema.Options)!.AsObject());
        foreach (ConfigInput input in ConfigInput.Of(config))
        {
            own[$"the contents of {input.Key}"] = Fingerprint.Of(input.Path) is { } sum ? $"{input.Path} ({sum[..ShownSum]}…)" : input.Path;
        }

        own["host"] = Environment.MachineName;
        JsonObject[] all = [.. ranks.AllGatherTexts(own.ToJsonString()).Select(text => JsonNode.Parse(text)!.AsObject())];
        for (int rank = 1; rank < all.Length; rank++)
        {
            string[] differences = [.. all[0].Select(field => field.Key).Union(all[rank].Select(field => field.Key)).Where(key => key != "host")
                .Where(key => all[0][key]?.ToString() != all[rank][key]?.ToString())
                .Select(key => $"{key} {all[rank][key]?.ToString() ?? "absent"}, where rank 0 has {all[0][key]?.ToString() ?? "none"}")];
            if (differences.Length > 0)
            {
                string more = differences.Length > ShownDifferences ? $"; and {differences.Length - ShownDifferences} more" : "";
                throw new ConfigException($"rank {rank} on {all[rank]["host"]} differs from rank 0: "
                    + $"{string.Join("; ", differences.Take(ShownDifferences))}{more}. "
                    + "Start all ranks with the same program, command line and files.");
            }
        }

        if (config is EvalConfig { Server.Url: not null } or CollectConfig { Server.Url: not null })
        {
            throw new ConfigException("server.url: one process keeps a server busy (server.concurrency requests at once), and several ranks would "
                + "ask all anew. Start one, or several by --shard.");
        }

        if (config is DataRunConfig { Device: { } device } && device.RequireKnown().Groups[2].Success
            && all.GroupBy(one => $"{one["host"]}").FirstOrDefault(host => host.Count() > 1) is { } shared)
        {
            throw new ConfigException($"device {device.Device}: {shared.Count()} ranks on {shared.Key} ask for the same GPU. "
                + "Give --device cuda: each rank then takes the one of its number.");
        }
    }

    private static string Version() =>
        typeof(RankAgreement).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    private static void AddFields(JsonObject all, string prefix, JsonObject fields)
    {
        foreach ((string key, JsonNode? value) in fields)
        {
            if (value is JsonObject section)
            {
                AddFields(all, $"{prefix}{key}.", section);
            }
            else
            {
                all[prefix + key] = value?.ToJsonString();
            }
        }
    }
}
