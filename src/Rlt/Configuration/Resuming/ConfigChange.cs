using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Rlt.Configuration.Resuming;

/// <summary>A setting in which two configs of one record differ.</summary>
/// <param name="Key">The key with its sections: "loss.beta".</param>
/// <param name="Before">The earlier value, as it is written.</param>
/// <param name="Now">The value now.</param>
/// <param name="MayChange">Whether a run may go on with it.</param>
public sealed record ConfigChange(string Key, string Before, string Now, bool MayChange)
{
    private const int LongestValue = 80;

    /// <summary>The differences, in the order of the keys; the folder of a run is none.</summary>
    public static IReadOnlyList<ConfigChange> Between(object before, object now) =>
        [.. Between(Fields(before), Fields(now), now.GetType(), "", mayChange: false)];

    private static IEnumerable<ConfigChange> Between(JsonObject before, JsonObject now, Type record, string prefix, bool mayChange)
    {
        foreach (JsonPropertyInfo property in ConfigSchema.Properties(record))
        {
            (JsonNode? there, JsonNode? here) = (before[property.Name], now[property.Name]);
            if (there?.ToJsonString() == here?.ToJsonString() || ConfigSchema.Marked<ConfigPathAttribute>(property) is { Kind: PathKind.Run })
            {
                continue;
            }

            bool marked = mayChange || (ConfigSchema.Marked<MayChangeAttribute>(property) is { } mark && !(mark.ButNotNull && (there is null || here is null)));
            Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            IEnumerable<ConfigChange> found = there is JsonObject one && here is JsonObject other && ConfigSchema.IsRecord(type)
                ? Between(one, other, type, $"{prefix}{property.Name}.", marked)
                : [new ConfigChange(prefix + property.Name, Text(there), Text(here), marked)];
            foreach (ConfigChange change in found)
            {
                yield return change;
            }
        }
    }

    private static JsonObject Fields(object record) => JsonSerializer.SerializeToNode(record, record.GetType(), ConfigSchema.Options)!.AsObject();

    private static string Text(JsonNode? value)
    {
        string text = value is JsonObject or JsonArray ? value.ToJsonString() : ConfigWriter.ValueText(value, 0).Trim();
        return text.Length <= LongestValue ? text : text[..LongestValue] + "…";
    }
}
