using System.Text.Json;

namespace Rlt.Models.Safetensors;

/// <summary>Parses and checks a safetensors header, taking nothing in it on trust.</summary>
/// <remarks>
/// Format (huggingface/safetensors): 8 bytes little-endian header length, a JSON object from tensor name to dtype, shape and byte range
/// within the data that follows, and "__metadata__" with texts. The ranges must tile the data: no overlap, no gap, nothing left over.
/// </remarks>
internal static class SafetensorsHeader
{
    /// <summary>The bytes of the length field in front of the header.</summary>
    public const int PrefixBytes = 8;

    /// <summary>The key that holds texts about the file and is no tensor.</summary>
    public const string MetadataKey = "__metadata__";

    /// <summary>The longest header read; the reference implementation has the same bound.</summary>
    public const long MaxBytes = 100_000_000;

    private const int MaxRank = 64;
    private const int MaxShownCharacters = 200;

    /// <summary>Reads a header's JSON.</summary>
    /// <param name="file">The file's name, for messages.</param>
    /// <param name="json">The header's bytes.</param>
    /// <param name="dataStart">Where the data begins in the file.</param>
    /// <param name="dataLength">How many bytes of data the file holds.</param>
    /// <exception cref="CheckpointException">The header is not well formed or does not describe the data.</exception>
    public static (Dictionary<string, TensorEntry> Entries, Dictionary<string, string> Metadata) Parse(
        string file, ReadOnlySpan<byte> json, long dataStart, long dataLength)
    {
        JsonElement root;
        try
        {
            root = StrictJson.Parse(json);
        }
        catch (JsonException error)
        {
            throw new CheckpointException($"{file}: the header is not usable JSON: {error.Message} The file is damaged; fetch it again.", error);
        }

        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new CheckpointException($"{file}: the header is {Shown(root)}; expected a JSON object from tensor names to their place.");
        }

        var entries = new Dictionary<string, TensorEntry>();
        var metadata = new Dictionary<string, string>();
        foreach (JsonProperty property in root.EnumerateObject())
        {
            if (property.Name == MetadataKey)
            {
                ReadMetadata(file, property.Value, metadata);
            }
            else
            {
                TensorEntry entry = ReadEntry(new Place(file, Shorten(property.Name)), property.Name, property.Value, dataStart, dataLength);
                entries.Add(property.Name, entry);
            }
        }

        CheckTiling(file, entries.Values, dataStart, dataLength);
        return (entries, metadata);
    }

    private static void ReadMetadata(string file, JsonElement value, Dictionary<string, string> metadata)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw new CheckpointException($"{file}: {MetadataKey} is {Shown(value)}; expected an object of texts.");
        }

        foreach (JsonProperty property in value.EnumerateObject())
        {
            metadata[property.Name] = property.Value.ValueKind == JsonValueKind.String
                ? property.Value.GetString()!
                : throw new CheckpointException($"{file}: {MetadataKey} '{Shorten(property.Name)}' is {Shown(property.Value)}; expected a text.");
        }
    }

    private static TensorEntry ReadEntry(Place place, string name, JsonElement value, long dataStart, long dataLength)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw place.Problem($"is {Shown(value)}; expected an object with dtype, shape and data_offsets.");
        }

        JsonElement? dtype = null, shape = null, offsets = null;
        foreach (JsonProperty property in value.EnumerateObject())
        {
            switch (property.Name)
            {
                case "dtype":
                    dtype = property.Value;
                    break;
                case "shape":
                    shape = property.Value;
                    break;
                case "data_offsets":
                    offsets = property.Value;
                    break;
                default:
                    throw place.Problem($"has the unknown field '{Shorten(property.Name)}'; expected dtype, shape and data_offsets.");
            }
        }

        StoredType type = ReadType(place, dtype);
        long[] sizes = ReadNumbers(place, "shape", shape, MaxRank);
        (long begin, long end) = ReadOffsets(place, offsets, dataLength);
        long expected = ByteLength(place, type, sizes);
        return end - begin == expected
            ? new TensorEntry(name, type, sizes, dataStart + begin, expected)
            : throw place.Problem($"has {end - begin} bytes at data_offsets [{begin}, {end}]; its shape [{string.Join(", ", sizes)}] of {type.FormatName()} takes {expected}.");
    }

    private static StoredType ReadType(Place place, JsonElement? value)
    {
        string? name = value is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
        return StoredTypes.TryParse(name, out StoredType type)
            ? type
            : throw place.Problem($"has dtype {Shown(value)}; expected one of {StoredTypes.AllNames}.");
    }

    private static (long Begin, long End) ReadOffsets(Place place, JsonElement? value, long dataLength)
    {
        long[] offsets = ReadNumbers(place, "data_offsets", value, 2);
        return offsets.Length == 2 && offsets[0] <= offsets[1] && offsets[1] <= dataLength
            ? (offsets[0], offsets[1])
            : throw place.Problem(
                $"has data_offsets {Shown(value)}; expected [begin, end] within the file's {dataLength} bytes of data. A shorter file than the header describes was not fetched whole.");
    }

    private static long[] ReadNumbers(Place place, string field, JsonElement? value, int atMost)
    {
        if (value is not { ValueKind: JsonValueKind.Array } array || array.GetArrayLength() > atMost)
        {
            throw place.Problem($"has {field} {Shown(value)}; expected a list of at most {atMost} whole numbers.");
        }

        var numbers = new long[array.GetArrayLength()];
        int filled = 0;
        foreach (JsonElement item in array.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out long number) || number < 0)
            {
                throw place.Problem($"has {Shown(item)} in its {field}; expected a whole number of at least 0.");
            }

            numbers[filled++] = number;
        }

        return numbers;
    }

    private static long ByteLength(Place place, StoredType type, long[] shape)
    {
        try
        {
            return shape.Aggregate((long)type.SizeInBytes(), (bytes, size) => checked(bytes * size));
        }
        catch (OverflowException error)
        {
            throw place.Problem($"has shape [{string.Join(", ", shape)}], more bytes than any file can hold.", error);
        }
    }

    private static void CheckTiling(string file, IEnumerable<TensorEntry> entries, long dataStart, long dataLength)
    {
        long next = dataStart;
        TensorEntry? before = null;
        foreach (TensorEntry entry in entries.OrderBy(entry => entry.Offset).ThenBy(entry => entry.Length))
        {
            if (entry.Offset != next)
            {
                string after = before is null ? "the data's start" : $"the end of '{Shorten(before.Name)}'";
                string what = entry.Offset < next ? "overlaps" : "leaves a gap after";
                throw new Place(file, Shorten(entry.Name)).Problem(
                    $"begins at data byte {entry.Offset - dataStart} and {what} {after}, byte {next - dataStart}; expected tensors one after another.");
            }

            next += entry.Length;
            before = entry;
        }

        if (next != dataStart + dataLength)
        {
            throw new CheckpointException(
                $"{file}: the tensors end at data byte {next - dataStart}; the file holds {dataLength} bytes of data. Expected nothing after the last tensor.");
        }
    }

    private static string Shown(JsonElement? value) => value is { } present ? Shorten(present.GetRawText()) : "missing";

    private static string Shorten(string text) => text.Length <= MaxShownCharacters ? text : text[..MaxShownCharacters] + "…";

    private readonly record struct Place(string File, string Tensor)
    {
        public CheckpointException Problem(string what, Exception? inner = null) => new($"{File}: '{Tensor}' {what}", inner);
    }
}

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Name">The checkpoint's name, such as "model.norm.weight".</param>
/// <param name="Type">The element type.</param>
/// <param name="Shape">The sizes, outermost first; empty for a scalar.</param>
/// <param name="Offset">The first byte's place in the file, counted from the file's start.</param>
/// <param name="Length">The bytes of the tensor.</param>
public sealed record TensorEntry(string Name, StoredType Type, long[] Shape, long Offset, long Length);
