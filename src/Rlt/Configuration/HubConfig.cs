using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Rlt.Hub;

namespace Rlt.Configuration;

/// <summary>The models and data sets of a config that are ids of the Hub.</summary>
public static class HubConfig
{
    /// <summary>The config with their directories in the cache, where they are downloaded to; of models without weights.</summary>
    /// <param name="config">The config.</param>
    /// <param name="isLater">Which paths are left as they are: what is there is still to be made. Null: none.</param>
    /// <exception cref="HubException">One is neither here nor to be had.</exception>
    public static T Located<T>(T config, Func<string, bool>? isLater = null)
        where T : class => With(config, (values, kind, text) => isLater?.Invoke(text) == true ? text : kind == PathKind.Model
            ? HubPath.Model(text) : HubPath.Data(text, values["subset"]?.GetValue<string>(), values["split"]?.GetValue<string>()));

    /// <summary>The config as it is kept with a run: directories in the cache as ids with their commit, so that it is the same on another machine.</summary>
    public static T Shown<T>(T config)
        where T : class => With(config, (_, _, path) => HubPath.Shown(path));

    private static T With<T>(T config, Func<JsonObject, PathKind, string, string> replace)
        where T : class
    {
        JsonObject values = JsonSerializer.SerializeToNode(config, config.GetType(), ConfigSchema.Options)!.AsObject();
        return Replace(values, config.GetType(), replace) ? (T)values.Deserialize(config.GetType(), ConfigSchema.Options)! : config;
    }

    private static bool Replace(JsonObject values, Type record, Func<JsonObject, PathKind, string, string> replace)
    {
        bool isAny = false;
        foreach (JsonPropertyInfo property in ConfigSchema.Properties(record))
        {
            if (values[property.Name] is JsonObject section && ConfigSchema.IsRecord(property.PropertyType))
            {
                isAny |= Replace(section, property.PropertyType, replace);
            }
            else if (values[property.Name] is JsonValue value && value.TryGetValue(out string? text)
                && ConfigSchema.Marked<ConfigPathAttribute>(property) is { Kind: PathKind.Model or PathKind.Data } path
                && (path.NameBeside is not { } other || At(values, other) is null)
                && replace(values, path.Kind, text) is var replaced && replaced != text)
            {
                values[property.Name] = replaced;
                isAny = true;
            }
        }

        return isAny;
    }

    private static JsonNode? At(JsonObject values, string path) => path.Split('.').Aggregate((JsonNode?)values, (found, key) => (found as JsonObject)?[key]);
}
