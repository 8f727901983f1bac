using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Rlt.Configuration.Reference;

namespace Rlt.Configuration;

/// <summary>The keys and types of config records, as System.Text.Json sees them: one contract for reading, checking and writing.</summary>
internal static class ConfigSchema
{
    /// <summary>The rules by which records are read and written.</summary>
    public static JsonSerializerOptions Options { get; } = MakeOptions();

    /// <summary>The keys of a record, in the order of its properties; properties that cannot be set are none.</summary>
    public static IEnumerable<JsonPropertyInfo> Properties(Type record) =>
        Options.GetTypeInfo(record).Properties.Where(property => property.Set is not null || property.AssociatedParameter is not null);

    /// <summary>Is the type a record with keys of its own.</summary>
    public static bool IsRecord(Type type) => Options.GetTypeInfo(type).Kind == JsonTypeInfoKind.Object;

    /// <summary>The element type of a list type; null for others.</summary>
    public static Type? ElementOf(Type type)
    {
        JsonTypeInfo info = Options.GetTypeInfo(type);
        return info.Kind == JsonTypeInfoKind.Enumerable ? info.ElementType : null;
    }

    /// <summary>Must the key be given.</summary>
    public static bool IsRequired(JsonPropertyInfo property) => property.IsRequired || property.AssociatedParameter is { HasDefaultValue: false };

    /// <summary>May the key's value be null.</summary>
    public static bool IsNullable(JsonPropertyInfo property) =>
        Nullable.GetUnderlyingType(property.PropertyType) is not null
        || (!property.PropertyType.IsValueType && (property.AssociatedParameter?.IsNullable ?? property.IsSetNullable));

    /// <summary>What a key is marked with; null where it is not.</summary>
    public static T? Marked<T>(JsonPropertyInfo property)
        where T : Attribute => property.AttributeProvider?.GetCustomAttributes(typeof(T), true) is [T mark] ? mark : null;

    /// <summary>Every key of a record with those of its sections, "a.b", in order.</summary>
    public static IEnumerable<string> AllKeys(Type record, string prefix = "")
    {
        foreach (JsonPropertyInfo property in Properties(record))
        {
            Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            IEnumerable<string> keys = IsRecord(type) ? AllKeys(type, prefix + property.Name + ".") : [prefix + property.Name];
            foreach (string key in keys)
            {
                yield return key;
            }
        }
    }

    /// <summary>The words that a key may be; empty where it is not of a set of words, or not a key.</summary>
    public static IReadOnlyList<string> ValuesOf(Type record, string path)
    {
        Type type = record;
        IReadOnlyList<string> values = [];
        foreach (string part in path.Split('.'))
        {
            if (!IsRecord(type) || Properties(type).FirstOrDefault(property => property.Name == part) is not { } found)
            {
                return [];
            }

            type = Nullable.GetUnderlyingType(found.PropertyType) ?? found.PropertyType;
            values = type.IsEnum
                ? [.. Enum.GetNames(type).Select(EnumKey)]
                : Marked<ConfigValuesAttribute>(found)?.Values ?? [];
        }

        return values;
    }

    /// <summary>The name an enum's value has in YAML.</summary>
    public static string EnumKey(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

    private static JsonSerializerOptions MakeOptions()
    {
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
            RespectNullableAnnotations = true,
            RespectRequiredConstructorParameters = true,
            AllowDuplicateProperties = false,
            IgnoreReadOnlyProperties = true,
            TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
            Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
        };
        options.MakeReadOnly();
        return options;
    }
}
