using System.Globalization;
using System.Text.Json;

namespace Rlt.Serving.Requests;

/// <summary>The fields of a request's body, each taken once; null counts as absent. What nobody took is refused, as it would do nothing.</summary>
internal sealed class RequestFields
{
    private readonly Dictionary<string, JsonElement> _left;

    /// <summary>Reads a body.</summary>
    /// <exception cref="ApiException">It is no JSON object.</exception>
    public RequestFields(byte[] body)
    {
        try
        {
            JsonElement root = StrictJson.Parse(body);
            _left = root.ValueKind == JsonValueKind.Object
                ? root.EnumerateObject().Where(field => field.Value.ValueKind != JsonValueKind.Null).ToDictionary(field => field.Name, field => field.Value)
                : throw new ApiException(400, "invalid_json", $"the body is a JSON {root.ValueKind}; expected an object");
        }
        catch (JsonException error)
        {
            throw new ApiException(400, "invalid_json", $"the body is not JSON: {error.Message}");
        }
    }

    /// <summary>A field; null where it is not there.</summary>
    public JsonElement? Take(string name) => _left.Remove(name, out JsonElement value) ? value : null;

    /// <summary>A whole number.</summary>
    public long? Whole(string name, long least, long most) => Take(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && number >= least && number <= most ? number
        : throw Wrong(name, value, string.Create(CultureInfo.InvariantCulture, $"a whole number of {least} to {most}"));

    /// <summary>A number.</summary>
    public double? Number(string name, double least, double most) => Take(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.GetDouble() is var number && number >= least && number <= most ? number
        : throw Wrong(name, value, string.Create(CultureInfo.InvariantCulture, $"a number of {least} to {most}"));

    /// <summary>True or false.</summary>
    public bool? Flag(string name) => Take(name) is not { } value ? null
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong(name, value, "true or false");

    /// <summary>A text.</summary>
    public string? Text(string name) => Take(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong(name, value, "a text");

    /// <summary>A text, or a list of texts; none of them empty.</summary>
    public IReadOnlyList<string> Texts(string name, int most)
    {
        if (Take(name) is not { } value)
        {
            return [];
        }

        JsonElement[] items = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
        return items.Length <= most && items.All(item => item.ValueKind == JsonValueKind.String && item.GetString()!.Length > 0)
            ? [.. items.Select(item => item.GetString()!)]
            : throw Wrong(name, value, $"a text that is not empty, or a list of {most} of them at most");
    }

    /// <summary>A field of OpenAI's or vLLM's that this server does not act on: it must say what happens without it.</summary>
    public void Neutral(string name, string expected, Func<JsonElement, bool> isNeutral)
    {
        if (Take(name) is { } value && !isNeutral(value))
        {
            throw new ApiException(
                400, "unsupported_parameter", $"{name} is {Shown(value)}; this server does without it: expected {expected}, or nothing", name);
        }
    }

    /// <summary>Refuses what is left.</summary>
    /// <exception cref="ApiException">Something is.</exception>
    public void RequireAllTaken()
    {
        if (_left.Keys.FirstOrDefault() is { } name)
        {
            throw new ApiException(400, "unknown_parameter", $"{name} is not a field that this server reads; leave it out", name);
        }
    }

    /// <summary>A field that is not what it must be.</summary>
    public static ApiException Wrong(string name, JsonElement value, string expected) => ApiException.Field(name, $"is {Shown(value)}; expected {expected}");

    private static string Shown(JsonElement value)
    {
        string text = value.GetRawText();
        return text.Length > 60 ? text[..60] + "…" : text;
    }
}
