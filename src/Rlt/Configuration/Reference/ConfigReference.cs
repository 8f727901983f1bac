using System.Text;
using System.Text.Json.Nodes;

namespace Rlt.Configuration.Reference;

/// <summary>The settings of a command, as a config file to edit and as a JSON schema for editors; both made from the records and their doc comments.</summary>
public static class ConfigReference
{
    private const int IndentWidth = 2;
    private const int LineWidth = 120;

    /// <summary>A config file with every key and its default, below its type, range, meaning and source.</summary>
    /// <param name="record">The config's record.</param>
    /// <param name="title">Lines above it.</param>
    public static string Yaml(Type record, params IEnumerable<string> title)
    {
        var text = new StringBuilder();
        foreach (string line in title)
        {
            text.Append("# ").Append(line).Append('\n');
        }

        Append(text, ConfigKey.Of(record), indent: 0, comment: "");
        return text.ToString();
    }

    /// <summary>The JSON schema (draft 7) of a config file.</summary>
    /// <param name="record">The config's record.</param>
    /// <param name="title">What the config is for.</param>
    /// <remarks>Nothing is required in it: a key may come from the file named by <c>base</c>, or from the command line.</remarks>
    public static JsonObject Schema(Type record, string title)
    {
        JsonObject schema = Section(ConfigKey.Of(record));
        var keys = (JsonObject)schema["properties"]!;
        keys.Insert(0, "base", new JsonObject { ["type"] = "string", ["description"] = "Another config, relative to this one, whose keys these override." });
        schema.Insert(0, "$schema", "http://json-schema.org/draft-07/schema#");
        schema.Insert(1, "title", title);
        return schema;
    }

    private static void Append(StringBuilder text, IReadOnlyList<ConfigKey> keys, int indent, string comment)
    {
        foreach (ConfigKey key in keys)
        {
            string margin = new(' ', indent);
            foreach (string line in Comment(key).SelectMany(paragraph => Wrapped(paragraph, LineWidth - indent)))
            {
                text.Append(comment).Append(margin).Append("# ").Append(line).Append('\n');
            }

            bool given = key.IsSection && (key.Default is not null || key.IsRequired);
            text.Append(comment).Append(margin).Append(key.Name).Append(':');
            text.Append(given ? "\n" : key.IsRequired ? "\n" : ConfigWriter.ValueText(key.Default, indent));
            bool isList = key.Keys.Count > 0 && !key.IsSection;
            if (isList)
            {
                // What an item of the list has.
                text.Append(comment).Append(margin).Append("#  - (each item)\n");
            }

            Append(text, key.Keys, indent + (isList ? 2 * IndentWidth : IndentWidth), given ? comment : "#");
        }
    }

    private static IEnumerable<string> Comment(ConfigKey key)
    {
        if (key.Meaning.Length > 0)
        {
            yield return key.Meaning;
        }

        string standard = key.IsRequired ? "required" : key.IsSection && key.Default is not null ? "" : $"default {ConfigWriter.ValueText(key.Default, 0).Trim()}";
        yield return string.Join("; ", new[] { key.Words, key.Range?.Words ?? "", standard, $"source: {key.Source}" }.Where(part => part.Length > 0));
        foreach ((string value, string meaning) in key.Values.Where(value => value.Meaning.Length > 0))
        {
            yield return $"  {value}: {meaning}";
        }
    }

    private static IEnumerable<string> Wrapped(string text, int width)
    {
        string margin = text.StartsWith(' ') ? "    " : "";
        var line = new StringBuilder(text.StartsWith(' ') ? "  " : "");
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length + word.Length + 1 > width && line.ToString().Trim().Length > 0)
            {
                yield return line.ToString().TrimEnd();
                line.Clear().Append(margin);
            }

            line.Append(word).Append(' ');
        }

        yield return line.ToString().TrimEnd();
    }

    private static JsonObject Section(IReadOnlyList<ConfigKey> keys) => new()
    {
        ["type"] = "object",
        ["additionalProperties"] = false,
        ["properties"] = new JsonObject(keys.Select(key => KeyValuePair.Create(key.Name, (JsonNode?)Property(key)))),
    };

    private static JsonObject Property(ConfigKey key)
    {
        JsonObject schema = key.IsSection ? Section(key.Keys)
            : key.Type != typeof(JsonObject) && ConfigSchema.ElementOf(key.Type) is { } element
                ? new JsonObject { ["type"] = "array", ["items"] = key.Keys.Count > 0 ? Section(key.Keys) : new JsonObject { ["type"] = TypeName(element) } }
                : new JsonObject { ["type"] = TypeName(key.Type) };
        if (key.IsNullable)
        {
            schema["type"] = new JsonArray(schema["type"]!.DeepClone(), "null");
        }

        if (key.Values.Count > 0)
        {
            // YAML reads true and false without quotes as booleans.
            IEnumerable<JsonNode?> flags = key.Values.Where(value => value.Value is "true" or "false").Select(value => (JsonNode?)(value.Value == "true"));
            schema["enum"] = new JsonArray([.. key.Values.Select(value => (JsonNode?)value.Value), .. flags, .. key.IsNullable ? new JsonNode?[] { null } : []]);
            if (flags.Any())
            {
                schema.Remove("type");
            }
        }

        if (key.Range is { } range)
        {
            AddEnd(schema, range.Least, range.LeastExcluded ? "exclusiveMinimum" : "minimum");
            AddEnd(schema, range.Most, range.MostExcluded ? "exclusiveMaximum" : "maximum");
        }

        if (key.Default is { } value && !key.IsSection)
        {
            schema["default"] = value.DeepClone();
        }

        schema["description"] = string.Join(' ', Comment(key).Select(line => line.Trim().TrimEnd('.') + "."));
        return schema;
    }

    private static void AddEnd(JsonObject schema, double? end, string name)
    {
        if (end is { } number)
        {
            schema[name] = number == Math.Round(number) ? JsonValue.Create((long)number) : JsonValue.Create(number);
        }
    }

    private static string TypeName(Type type) => type switch
    {
        _ when type == typeof(bool) => "boolean",
        _ when type == typeof(int) || type == typeof(long) => "integer",
        _ when type == typeof(double) => "number",
        _ when type == typeof(JsonObject) => "object",
        _ => "string",
    };
}
