using System.Text.Json;
using System.Text.Unicode;

namespace Rlt.Text.Files;

/// <summary>
/// JSON as the standard has it, with what the standard leaves open decided: no duplicate keys, valid UTF-8, no half surrogate pairs, no
/// comments. What it returns can be read without further exceptions of the parser.
/// </summary>
public static class StrictJson
{
    private static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false };

    /// <summary>Parses one JSON value.</summary>
    /// <exception cref="JsonException">The text is not strict JSON; the message says why, for the end of a sentence.</exception>
    public static JsonElement Parse(ReadOnlySpan<byte> utf8)
    {
        if (!Utf8.IsValid(utf8))
        {
            throw new JsonException("it is not valid UTF-8");
        }

        try
        {
            JsonElement root = JsonElement.Parse(utf8, Options);
            // Only an escape can hold half of a surrogate pair: the bytes were checked above.
            if (utf8.IndexOf("\\u"u8) >= 0)
            {
                TouchStrings(root);
            }

            return root;
        }
        catch (InvalidOperationException error)
        {
            throw new JsonException("a text in it holds half of a surrogate pair (\\ud800 to \\udfff alone)", error);
        }
    }

    private static void TouchStrings(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    _ = property.Name;
                    TouchStrings(property.Value);
                }

                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in element.EnumerateArray())
                {
                    TouchStrings(item);
                }

                break;
            case JsonValueKind.String:
                _ = element.GetString();
                break;
        }
    }
}
