using System.Text.Json;
using System.Text.Unicode;

namespace Rlt.Text.Tokenization;

/// <summary>A place in a JSON file, which reads what is there or fails with a message that names the file and the place.</summary>
/// <param name="File">The file, for messages.</param>
/// <param name="Path">The place, such as <c>model.vocab</c>; empty for the whole file.</param>
/// <param name="Element">What is there.</param>
internal readonly record struct JsonPart(string File, string Path, JsonElement Element)
{
    private const int LongestQuote = 200;

    /// <summary>Whether there is nothing, or null.</summary>
    public bool IsNull => Element.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null;

    /// <summary>The part of that name; a part that <see cref="IsNull"/> when the object does not have it.</summary>
    public JsonPart this[string name]
    {
        get
        {
            Expect(JsonValueKind.Object, "an object");
            return new JsonPart(File, Path.Length == 0 ? name : $"{Path}.{name}", Element.TryGetProperty(name, out var value) ? value : default);
        }
    }

    /// <summary>Parses a file.</summary>
    /// <exception cref="CheckpointException">The file cannot be read or is not JSON.</exception>
    public static JsonDocument Parse(string file)
    {
        try
        {
            return JsonDocument.Parse(Checked(file, WholeFile.Bytes(file)));
        }
        catch (JsonException error)
        {
            string place = $"line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}";
            throw new CheckpointException($"{file}: not valid JSON from {place} on. The file is damaged or incomplete; get it again.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{file}: cannot be read ({error.Message}).", error);
        }
    }

    /// <summary>The error for what is wrong here.</summary>
    public CheckpointException Fail(string problem) => new($"{File}: {(Path.Length == 0 ? "the file" : Path)} {problem}");

    /// <summary>The error for a value that is none of the supported ones.</summary>
    public CheckpointException Unsupported(params string[] supported) =>
        Fail($"is {Quote()}, which is not supported; supported {(supported.Length == 1 ? "is" : "are")} {string.Join(", ", supported)}.");

    /// <summary>Fails when the object has a field, other than null, that is not one of these.</summary>
    public void AllowOnly(params string[] names)
    {
        foreach (var (name, part) in Fields())
        {
            if (!part.IsNull && !names.Contains(name))
            {
                throw Fail($"has the field '{name}' = {part.Quote()}, which is not supported; supported are {string.Join(", ", names)}.");
            }
        }
    }

    /// <summary>The object's type, checked together with its fields.</summary>
    /// <param name="fields">The supported types, each with the fields it may have besides <c>type</c>.</param>
    public string TypeOf(IReadOnlyDictionary<string, string[]> fields)
    {
        string type = this["type"].String();
        if (!fields.TryGetValue(type, out string[]? names))
        {
            throw this["type"].Unsupported([.. fields.Keys]);
        }

        AllowOnly(["type", .. names]);
        return type;
    }

    /// <summary>The text that is here.</summary>
    public string String()
    {
        Expect(JsonValueKind.String, "a text");
        return TryText(out string? text) ? text! : throw Fail("is a text with half of a surrogate pair, which is not valid Unicode; the file is damaged.");
    }

    /// <summary>The text that is here; a default when there is nothing.</summary>
    public string StringOr(string missing) => IsNull ? missing : String();

    /// <summary>The truth value that is here; a default when there is nothing.</summary>
    public bool BooleanOr(bool missing) => Element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ when IsNull => missing,
        _ => throw Fail($"is {Quote()}; expected true or false."),
    };

    /// <summary>The whole number, 0 or more, that is here.</summary>
    public int Integer() =>
        Element.ValueKind == JsonValueKind.Number && Element.TryGetInt32(out int value) && value is >= 0 and < int.MaxValue
            ? value
            : throw Fail($"is {Quote()}; expected a whole number from 0 to {int.MaxValue - 1}.");

    /// <summary>The object's fields in the file's order.</summary>
    public IEnumerable<(string Name, JsonPart Part)> Fields()
    {
        Expect(JsonValueKind.Object, "an object");
        foreach (var property in Element.EnumerateObject())
        {
            string name = NameOf(property);
            yield return (name, new JsonPart(File, Path.Length == 0 ? name : $"{Path}.{name}", property.Value));
        }
    }

    /// <summary>The array's items.</summary>
    public IEnumerable<JsonPart> Items()
    {
        Expect(JsonValueKind.Array, "an array");
        int index = 0;
        foreach (var item in Element.EnumerateArray())
        {
            yield return new JsonPart(File, $"{Path}[{index++}]", item);
        }
    }

    /// <summary>What is here, for messages; long values are cut.</summary>
    public string Quote()
    {
        string text = IsNull ? "missing" : TryText(out string? value) ? $"\"{value}\"" : Element.GetRawText();
        return text.Length <= LongestQuote ? text : text[..LongestQuote] + "...";
    }

    // What the parser takes for a text may still be no UTF-8, which would come out only where it is shown.
    private static byte[] Checked(string file, byte[] json) => Utf8.IsValid(json)
        ? json
        : throw new CheckpointException($"{file}: the file is not valid UTF-8. It is damaged or incomplete; get it again.");

    private bool TryText(out string? text)
    {
        text = null;
        try
        {
            text = Element.ValueKind == JsonValueKind.String ? Element.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // Not valid Unicode; the caller shows how the file writes it.
        }

        return text is not null;
    }

    private string NameOf(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            throw Fail("has a field whose name holds half of a surrogate pair, which is not valid Unicode; the file is damaged.");
        }
    }

    private void Expect(JsonValueKind kind, string description)
    {
        if (Element.ValueKind != kind)
        {
            throw Fail($"is {Quote()}; expected {description}.");
        }
    }
}
