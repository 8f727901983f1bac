using System.Text.Json;

namespace Rlt.Models;

/// <summary>Reads the fields of one JSON object, gathering every problem instead of stopping at the first.</summary>
/// <remarks>A field that is absent or null counts as missing, as in the files of transformers.</remarks>
internal sealed class CheckedJson(string file, JsonElement element, List<string> problems, string prefix = "")
{
    /// <summary>Is the field there, and not null.</summary>
    public bool Has(string key) => Find(key) is not null;

    /// <summary>A whole number within bounds; null, and noted, where it is not. A missing one takes the default.</summary>
    public int? Integer(string key, int least, int most, int? orElse = null) => Find(key) switch
    {
        null when orElse is not null => orElse,
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt32(out int number) && number >= least && number <= most => number,
        var value => Refuse<int>(key, value, $"expected a whole number from {least} to {most}"),
    };

    /// <summary>A number above one bound and at most another; null, and noted, where it is not. A missing one takes the default.</summary>
    public double? Number(string key, double above, double most, double? orElse = null) => Find(key) switch
    {
        null when orElse is not null => orElse,
        { ValueKind: JsonValueKind.Number } value when value.TryGetDouble(out double number) && number > above && number <= most => number,
        var value => Refuse<double>(key, value, FormattableString.Invariant($"expected a number above {above}, at most {most}")),
    };

    /// <summary>A number that may be missing.</summary>
    public double? OptionalNumber(string key, double above, double most) => Has(key) ? Number(key, above, most) : null;

    /// <summary>true or false; a missing one takes the default.</summary>
    public bool Flag(string key, bool orElse) => Find(key) switch
    {
        null => orElse,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        var value => Refuse<bool>(key, value, "expected true or false") ?? orElse,
    };

    /// <summary>A text; null where it is missing, and noted where it is of another kind.</summary>
    public string? Text(string key)
    {
        JsonElement? value = Find(key);
        if (value is null or { ValueKind: JsonValueKind.String })
        {
            return value?.GetString();
        }

        Refuse<int>(key, value, "expected a text");
        return null;
    }

    /// <summary>One token id or a list of them, each within the vocabulary; null where the field is missing or was noted.</summary>
    public IReadOnlyList<int>? TokenIds(string key, int vocabularySize)
    {
        if (Find(key) is not { } value)
        {
            return null;
        }

        JsonElement[] items = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
        var ids = new List<int>();
        foreach (JsonElement item in items)
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt32(out int id) || id < 0 || id >= vocabularySize)
            {
                Refuse<int>(key, value, $"expected a token id, or a list of them, from 0 to {vocabularySize - 1}");
                return null;
            }

            ids.Add(id);
        }

        return [.. ids.Distinct()];
    }

    /// <summary>A nested object; null where it is missing, and noted where it is of another kind.</summary>
    public CheckedJson? Section(string key)
    {
        if (Find(key) is not { } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Object)
        {
            return new CheckedJson(file, value, problems, prefix + key + ".");
        }

        Refuse<int>(key, value, "expected an object");
        return null;
    }

    /// <summary>The texts of a list; none where it is missing or of another kind.</summary>
    public IEnumerable<string?> Texts(string key) => Find(key) is { ValueKind: JsonValueKind.Array } list
        ? list.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.String ? item.GetString() : item.GetRawText())
        : [];

    /// <summary>The numbers of a list; null where it is missing or holds something else.</summary>
    public double[]? Numbers(string key) =>
        Find(key) is { ValueKind: JsonValueKind.Array } list && list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Number)
            ? [.. list.EnumerateArray().Select(item => item.GetDouble())] : null;

    /// <summary>The names of the fields, in the file's order.</summary>
    public IEnumerable<string> Keys => element.EnumerateObject().Select(property => property.Name);

    /// <summary>Is the field there, and neither null nor an empty list or object.</summary>
    public bool IsFilled(string key) => Find(key) switch
    {
        null => false,
        { ValueKind: JsonValueKind.Array } list => list.GetArrayLength() > 0,
        { ValueKind: JsonValueKind.Object } section => section.EnumerateObject().Any(),
        _ => true,
    };

    /// <summary>Is the field a text; some may be of another kind as well.</summary>
    public bool IsText(string key) => Find(key) is { ValueKind: JsonValueKind.String };

    /// <summary>Notes a problem with a field's value.</summary>
    public void Note(string key, string expected) => Refuse<int>(key, Find(key), expected);

    private JsonElement? Find(string key) =>
        element.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private T? Refuse<T>(string key, JsonElement? value, string expected)
        where T : struct
    {
        string found = value is { } present ? "is " + Shorten(present.GetRawText()) : "is missing";
        problems.Add($"{file}: {prefix}{key} {found}; {expected}.");
        return null;
    }

    private static string Shorten(string text) => text.Length <= 100 ? text : text[..100] + "…";
}
