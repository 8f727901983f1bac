using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Rlt.Configuration;

/// <summary>Writes a config record as YAML with every key, defaults included, that <see cref="ConfigLoader"/> reads back as an equal record.</summary>
public static partial class ConfigWriter
{
    private const int IndentWidth = 2;

    /// <summary>The YAML of a config record.</summary>
    public static string ToYaml<T>(T config)
        where T : class
    {
        var text = new StringBuilder();
        AppendFields(text, JsonSerializer.SerializeToNode(config, ConfigSchema.Options)!.AsObject(), indent: 0);
        return text.ToString();
    }

    /// <summary>A value as it stands after a key's colon, the line's end included.</summary>
    internal static string ValueText(JsonNode? value, int indent)
    {
        var text = new StringBuilder();
        AppendValue(text, value, indent);
        return text.ToString();
    }

    private static void AppendFields(StringBuilder text, JsonObject fields, int indent)
    {
        foreach ((string key, JsonNode? value) in fields)
        {
            text.Append(' ', indent).Append(key).Append(':');
            AppendValue(text, value, indent);
        }
    }

    // After a key's colon or an item's dash; ends the line.
    private static void AppendValue(StringBuilder text, JsonNode? value, int indent)
    {
        switch (value)
        {
            case JsonObject { Count: > 0 } section:
                text.Append('\n');
                AppendFields(text, section, indent + IndentWidth);
                break;
            case JsonArray list when list.Any(item => item is JsonObject or JsonArray):
                text.Append('\n');
                foreach (JsonNode? item in list)
                {
                    text.Append(' ', indent + IndentWidth).Append('-');
                    AppendValue(text, item, indent + IndentWidth);
                }

                break;
            case JsonArray list:
                text.Append(" [").AppendJoin(", ", list.Select(item => Scalar(item, inList: true))).Append("]\n");
                break;
            default:
                text.Append(' ').Append(value is JsonObject ? "{}" : Scalar(value, inList: false)).Append('\n');
                break;
        }
    }

    private static string Scalar(JsonNode? value, bool inList)
    {
        if (value is null)
        {
            return "null";
        }

        if (value.GetValueKind() != JsonValueKind.String)
        {
            return value.ToJsonString().ToLowerInvariant();
        }

        string text = value.GetValue<string>();
        bool plain = PlainText().IsMatch(text) && YamlScalar.IsText(new ScalarNode("", text, Quoted: false)) && !(inList && text.Contains(','));
        return plain ? text : Quoted(text);
    }

    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (char c in text)
        {
            _ = c switch
            {
                '"' or '\\' => quoted.Append('\\').Append(c),
                '\n' => quoted.Append("\\n"),
                '\t' => quoted.Append("\\t"),
                _ when NeedsEscape(c) => quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => quoted.Append(c),
            };
        }

        return quoted.Append('"').ToString();
    }

    // Control characters, and those that YAML takes for line breaks or refuses.
    private static bool NeedsEscape(char c) => char.IsControl(c) || c is '\u2028' or '\u2029' or '\ufeff' or >= '\ufffe';

    // Safe without quotes anywhere: begins with a letter or a path, holds no colon, hash or bracket.
    [GeneratedRegex(@"^[A-Za-z_./](?:[A-Za-z0-9_./+@ -]*[A-Za-z0-9_./+@-])?\z")]
    private static partial Regex PlainText();
}
