using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Rlt.Configuration;

/// <summary>Checks config values against the types they are for, noting every problem, and gives them as JSON of those types.</summary>
internal sealed class ConfigBinder(Type root, List<string> problems, Action<string>? note)
{
    /// <summary>Whether keys that must be given are gathered in <see cref="Missing"/>, and no problems: there is no file to say it of.</summary>
    public bool GathersMissing { get; init; }

    /// <summary>The keys that must be given and are not.</summary>
    public List<string> Missing { get; } = [];

    /// <summary>A record's values; keys with problems are left out.</summary>
    public JsonObject Record(SectionNode section, Type record, string prefix)
    {
        var result = new JsonObject();
        Dictionary<string, JsonPropertyInfo> properties = ConfigSchema.Properties(record).ToDictionary(property => property.Name);
        foreach ((string key, ConfigNode value) in section.Fields)
        {
            if (properties.TryGetValue(key, out JsonPropertyInfo? property))
            {
                result[key] = Value(AtItsPlace(value, property, section, prefix + key), property.PropertyType, ConfigSchema.IsNullable(property), prefix + key);
            }
            else
            {
                problems.Add($"{value.Place}: {prefix}{key} is not a known key; {Suggestion(key, properties.Keys)}");
            }
        }

        foreach (JsonPropertyInfo missing in properties.Values.Where(property =>
            ConfigSchema.IsRequired(property) && !section.Fields.ContainsKey(property.Name)))
        {
            if (GathersMissing)
            {
                Missing.AddRange(RequiredKeys(missing, prefix));
                continue;
            }

            problems.Add($"{section.Place}: {prefix}{missing.Name} is missing; expected {Expected(missing.PropertyType)}.");
        }

        return result;
    }

    private static IEnumerable<string> RequiredKeys(JsonPropertyInfo property, string prefix) => ConfigSchema.IsRecord(property.PropertyType)
        ? ConfigSchema.Properties(property.PropertyType).Where(ConfigSchema.IsRequired).SelectMany(inner => RequiredKeys(inner, $"{prefix}{property.Name}."))
        : [prefix + property.Name];

    // A path of a file is relative to it.
    private ConfigNode AtItsPlace(ConfigNode value, JsonPropertyInfo property, SectionNode section, string key)
    {
        if (value is not ScalarNode scalar || !YamlScalar.IsText(scalar)
            || ConfigSchema.Marked<ConfigPathAttribute>(property) is not { } path
            || (path.NameBeside is { } other && IsGiven(section, other)))
        {
            return value;
        }

        string? told = null;
        string resolved = scalar.Folder?.Resolve(scalar.Text, path.Kind, out told) ?? scalar.Text;
        if (told is not null)
        {
            note?.Invoke($"{scalar.Place}: {key} {told}.");
        }

        resolved = path.Kind == PathKind.Model ? ModelPath.Of(resolved, note) : resolved;
        return new ScalarNode(scalar.Place, resolved, Quoted: true);
    }

    private static bool IsGiven(SectionNode section, string path)
    {
        ConfigNode? found = section;
        foreach (string part in path.Split('.'))
        {
            found = (found as SectionNode)?.Fields.GetValueOrDefault(part);
        }

        return found is ScalarNode scalar && !YamlScalar.IsNull(scalar);
    }

    private JsonNode? Value(ConfigNode node, Type type, bool nullable, string key)
    {
        if (nullable && node is ScalarNode scalarNode && YamlScalar.IsNull(scalarNode))
        {
            return null;
        }

        type = Nullable.GetUnderlyingType(type) ?? type;
        JsonNode? value = node switch
        {
            ScalarNode scalar => Scalar(scalar, type),
            ListNode list when ConfigSchema.ElementOf(type) is { } element => List(list, element, key),
            SectionNode section when type == typeof(JsonObject) => Free(section),
            SectionNode section when ConfigSchema.IsRecord(type) => Record(section, type, key + "."),
            _ => null,
        };
        if (value is null)
        {
            problems.Add($"{node.Place}: {key} is {node.Shown}; expected {Expected(type)}.{QuoteHint(node, type)}");
        }

        return value;
    }

    private JsonArray List(ListNode list, Type element, string key) =>
        [.. list.Items.Select((item, i) => Value(item, element, Nullable.GetUnderlyingType(element) is not null, $"{key}[{i}]"))];

    // A section of keys that are not ours: what its values look like is what they are.
    private static JsonObject Free(SectionNode section) => new(section.Fields.Select(field => KeyValuePair.Create(field.Key, Free(field.Value))));

    private static JsonNode? Free(ConfigNode node) => node switch
    {
        SectionNode section => Free(section),
        ListNode list => new JsonArray([.. list.Items.Select(Free)]),
        ScalarNode scalar when YamlScalar.IsNull(scalar) => null,
        // Python's spelling too: the text "False" would be true in a template.
        ScalarNode { Quoted: false, Text: "True" or "TRUE" } => JsonValue.Create(true),
        ScalarNode { Quoted: false, Text: "False" or "FALSE" } => JsonValue.Create(false),
        ScalarNode scalar => YamlScalar.Boolean(scalar) is { } flag ? JsonValue.Create(flag)
            : YamlScalar.Integer(scalar, long.MinValue, long.MaxValue) is { } whole ? JsonValue.Create(whole)
            : YamlScalar.Number(scalar) is { } number ? JsonValue.Create(number) : JsonValue.Create(scalar.Text),
        _ => throw new NotSupportedException($"a config holds a {node.GetType()}"),
    };

    private static JsonValue? Scalar(ScalarNode scalar, Type type)
    {
        if (type.IsEnum)
        {
            return EnumName(scalar, type) is { } name ? JsonValue.Create(ConfigSchema.EnumKey(name)) : null;
        }

        return Type.GetTypeCode(type) switch
        {
            TypeCode.Boolean => YamlScalar.Boolean(scalar) is { } flag ? JsonValue.Create(flag) : null,
            TypeCode.Int32 => YamlScalar.Integer(scalar, int.MinValue, int.MaxValue) is { } number ? JsonValue.Create(number) : null,
            TypeCode.Int64 => YamlScalar.Integer(scalar, long.MinValue, long.MaxValue) is { } number ? JsonValue.Create(number) : null,
            TypeCode.Double => YamlScalar.Number(scalar) is { } number ? JsonValue.Create(number) : null,
            TypeCode.String => YamlScalar.IsText(scalar) ? JsonValue.Create(scalar.Text) : null,
            _ => null,
        };
    }

    // "dr_grpo" or "drgrpo" for DrGrpo.
    private static string? EnumName(ScalarNode scalar, Type type) => Enum.GetNames(type).FirstOrDefault(name =>
        scalar.Text == ConfigSchema.EnumKey(name) || scalar.Text == ConfigSchema.EnumKey(name).Replace("_", "", StringComparison.Ordinal));

    private static string Expected(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type.IsEnum)
        {
            return "one of " + string.Join(", ", Enum.GetNames(type).Select(ConfigSchema.EnumKey));
        }

        if (ConfigSchema.ElementOf(type) is { } element)
        {
            return $"a list, each item {Expected(element)}";
        }

        return Type.GetTypeCode(type) switch
        {
            TypeCode.Boolean => "true or false",
            TypeCode.Int32 => $"a whole number from {int.MinValue} to {int.MaxValue}",
            TypeCode.Int64 => "a whole number of 64 bits",
            TypeCode.Double => "a finite number",
            TypeCode.String => "a text",
            _ when type == typeof(JsonObject) => "a section of keys and values",
            _ when ConfigSchema.IsRecord(type) => "a section with " + string.Join(", ", ConfigSchema.Properties(type).Select(property => property.Name)),
            _ => throw new NotSupportedException($"a config record has a property of {type}"),
        };
    }

    private static string QuoteHint(ConfigNode node, Type type) =>
        type == typeof(string) && node is ScalarNode scalar && !YamlScalar.IsNull(scalar) ? $" Write \"{scalar.Text}\" in quotes where a text is meant." : "";

    private string Suggestion(string key, IReadOnlyCollection<string> valid)
    {
        string? near = NearestKey.Find(key, valid) ?? ConfigSchema.AllKeys(root).FirstOrDefault(path => path.EndsWith('.' + key, StringComparison.Ordinal));
        return near is null ? $"expected one of {string.Join(", ", valid)}." : $"did you mean '{near}'?";
    }
}
