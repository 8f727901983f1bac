using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Rlt.Configuration.Reference;

/// <summary>What is known of a config's key: all that a user needs to set it.</summary>
/// <param name="Name">The key within its section.</param>
/// <param name="Type">The type of its value, nullability aside.</param>
/// <param name="IsNullable">Whether it may be null.</param>
/// <param name="IsRequired">Whether it must be given.</param>
/// <param name="Default">The default; null where there is none, or the default is null.</param>
/// <param name="Range">The numbers that it may be; null for what is not a number.</param>
/// <param name="Meaning">What it is.</param>
/// <param name="Source">Where it comes from: a paper, or this program.</param>
/// <param name="Values">The words it may be, each with its meaning; empty where it is not of a set of words.</param>
/// <param name="Keys">A section's keys, or those of a list's items; empty for single values.</param>
internal sealed record ConfigKey(
    string Name, Type Type, bool IsNullable, bool IsRequired, JsonNode? Default, KeyRange? Range, string Meaning, string Source,
    IReadOnlyList<(string Value, string Meaning)> Values, IReadOnlyList<ConfigKey> Keys)
{
    private const string Ours = "rlt";

    /// <summary>Whether the value is a section with keys of its own.</summary>
    public bool IsSection => ConfigSchema.IsRecord(Type) && Type != typeof(JsonObject);

    /// <summary>The type in words: "whole number", "one of constant, linear, cosine".</summary>
    public string Words => TypeWords(Type) + (IsNullable ? " or null" : "");

    /// <summary>The keys of a record, in the order of a written config.</summary>
    public static IReadOnlyList<ConfigKey> Of(Type record)
    {
        JsonObject defaults = Defaults(record);
        return Of(record, defaults);
    }

    /// <summary>A record's values where nothing is given; what must be given is a placeholder.</summary>
    public static JsonObject Defaults(Type record)
    {
        object read = Placeholder(record).Deserialize(record, ConfigSchema.Options)!;
        return JsonSerializer.SerializeToNode(read, record, ConfigSchema.Options)!.AsObject();
    }

    private static IReadOnlyList<ConfigKey> Of(Type record, JsonObject defaults) =>
        [.. ConfigSchema.Properties(record).Select(property => Of(record, property, defaults))];

    private static ConfigKey Of(Type record, JsonPropertyInfo property, JsonObject defaults)
    {
        Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        var member = (PropertyInfo)property.AttributeProvider!;
        bool required = ConfigSchema.IsRequired(property);
        JsonNode? value = required ? null : defaults[property.Name]?.DeepClone();
        bool whole = type == typeof(int) || type == typeof(long);
        Type? section = type == typeof(JsonObject) ? null : ConfigSchema.IsRecord(type) ? type
            : ConfigSchema.ElementOf(type) is { } element && ConfigSchema.IsRecord(element) ? element : null;
        return new ConfigKey(
            property.Name, type, ConfigSchema.IsNullable(property), required, value,
            whole || type == typeof(double) ? KeyRange.Of(record, defaults, property.Name, whole) : null,
            DocComments.Meaning(member), DocComments.Source(member) ?? Ours, ValuesOf(type, member),
            section is null ? [] : Of(section, section == type && defaults[property.Name] is JsonObject given ? given : Defaults(section)));
    }

    private static IReadOnlyList<(string, string)> ValuesOf(Type type, PropertyInfo member) => type.IsEnum
        ? [.. Enum.GetNames(type).Select(name => (ConfigSchema.EnumKey(name), DocComments.Meaning(type, name)))]
        : [.. (member.GetCustomAttribute<ConfigValuesAttribute>()?.Values ?? []).Select(value => (value, ""))];

    private string TypeWords(Type type) => type switch
    {
        _ when Values.Count > 0 => "one of " + string.Join(", ", Values.Select(value => value.Value)),
        _ when type == typeof(bool) => "true or false",
        _ when type == typeof(int) || type == typeof(long) => "whole number",
        _ when type == typeof(double) => "number",
        _ when type == typeof(string) => "text",
        _ when type == typeof(JsonObject) => "section of any keys",
        _ when ConfigSchema.ElementOf(type) is { } element => $"list, each item {TypeWords(element)}",
        _ => "section",
    };

    private static JsonObject Placeholder(Type record) => new(ConfigSchema.Properties(record).Where(ConfigSchema.IsRequired)
        .Select(property => KeyValuePair.Create(property.Name, PlaceholderOf(property.PropertyType))));

    private static JsonNode? PlaceholderOf(Type type) => type switch
    {
        _ when type == typeof(string) => "",
        _ when ConfigSchema.ElementOf(type) is not null => new JsonArray(),
        _ when ConfigSchema.IsRecord(type) => Placeholder(type),
        _ when type.IsEnum => ConfigSchema.EnumKey(Enum.GetNames(type)[0]),
        _ when type == typeof(bool) => false,
        _ => 1,
    };
}

/// <summary>The words that a text setting may be.</summary>
/// <param name="values">The words.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ConfigValuesAttribute(params string[] values) : Attribute
{
    /// <summary>The words.</summary>
    public IReadOnlyList<string> Values { get; } = values;
}
