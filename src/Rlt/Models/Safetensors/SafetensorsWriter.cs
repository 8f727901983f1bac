using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Rlt.Files;

namespace Rlt.Models.Safetensors;

/// <summary>
/// Writes safetensors files as a stream: the header first, then each tensor's bytes from a callback, so that no more than one tensor need be
/// in memory. The layout, header and shard names are those of the reference Python libraries, byte for byte.
/// </summary>
public static partial class SafetensorsWriter
{
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonWriterOptions Indented = Compact with { Indented = true, NewLine = "\n" };

    /// <summary>The order in which a file holds its tensors, and in which their bytes are asked for: wider types first, then by name.</summary>
    public static IReadOnlyList<TensorSpec> Layout(IEnumerable<TensorSpec> tensors) =>
        [.. tensors.OrderByDescending(tensor => tensor.Type.LayoutRank()).ThenBy(tensor => tensor.Name, StringComparer.Ordinal)];

    /// <summary>Writes one file, whole or not at all.</summary>
    /// <param name="path">The file; an earlier one is replaced.</param>
    /// <param name="tensors">What to write, in any order.</param>
    /// <param name="writeBytes">Called once a tensor, in <see cref="Layout"/>'s order; writes exactly its <see cref="TensorSpec.ByteLength"/> bytes.</param>
    /// <exception cref="ArgumentException">Two tensors have one name, or a name is reserved.</exception>
    /// <exception cref="InvalidOperationException">The callback wrote too few or too many bytes.</exception>
    public static void WriteFile(string path, IReadOnlyCollection<TensorSpec> tensors, Action<TensorSpec, Stream> writeBytes)
    {
        RefuseUnusableNames(tensors);
        IReadOnlyList<TensorSpec> layout = Layout(tensors);
        AtomicFile.Write(path, stream =>
        {
            WriteHeader(stream, layout);
            foreach (TensorSpec tensor in layout)
            {
                long begin = stream.Position;
                writeBytes(tensor, stream);
                if (stream.Position - begin != tensor.ByteLength)
                {
                    throw new InvalidOperationException($"'{tensor.Name}' was given {stream.Position - begin} bytes; it has {tensor.ByteLength}");
                }
            }
        });
    }

    /// <summary>
    /// Writes a model's weights into a directory: one <c>model.safetensors</c> where they fit, else shards of at most
    /// <paramref name="maxShardBytes"/> and their index. Files of an earlier save that are no longer part of the model are removed.
    /// </summary>
    /// <param name="directory">The model's directory; created where absent.</param>
    /// <param name="tensors">What to write; shards are filled in this order.</param>
    /// <param name="maxShardBytes">The tensor bytes a file may hold; a larger tensor has a shard of its own.</param>
    /// <param name="writeBytes">As for <see cref="WriteFile"/>.</param>
    /// <returns>The names of the weight files.</returns>
    /// <remarks>Each file appears whole; a set of shards replaces an earlier set file by file, so save to a fresh directory.</remarks>
    public static IReadOnlyList<string> WriteModel(
        string directory, IReadOnlyCollection<TensorSpec> tensors, long maxShardBytes, Action<TensorSpec, Stream> writeBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxShardBytes);
        RefuseUnusableNames(tensors);
        List<List<TensorSpec>> shards = Split(tensors, maxShardBytes);
        List<string> names = shards.Count == 1
            ? [WeightFiles.SingleFileName]
            : [.. Enumerable.Range(1, shards.Count).Select(i => string.Create(CultureInfo.InvariantCulture, $"model-{i:D5}-of-{shards.Count:D5}.safetensors"))];
        foreach ((List<TensorSpec> shard, string name) in shards.Zip(names))
        {
            WriteFile(Path.Combine(directory, name), shard, writeBytes);
        }

        if (shards.Count > 1)
        {
            WriteIndex(Path.Combine(directory, WeightFiles.IndexFileName), shards, names);
        }

        RemoveOthers(directory, names);
        return names;
    }

    private static List<List<TensorSpec>> Split(IReadOnlyCollection<TensorSpec> tensors, long maxShardBytes)
    {
        var shards = new List<List<TensorSpec>> { new() };
        long filled = 0;
        foreach (TensorSpec tensor in tensors)
        {
            if (filled > 0 && tensor.ByteLength > maxShardBytes - filled)
            {
                shards.Add([]);
                filled = 0;
            }

            shards[^1].Add(tensor);
            filled += tensor.ByteLength;
        }

        return shards;
    }

    private static void WriteHeader(Stream stream, IReadOnlyList<TensorSpec> layout)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Compact))
        {
            json.WriteStartObject();
            json.WriteStartObject(SafetensorsHeader.MetadataKey);
            json.WriteString("format", "pt");
            json.WriteEndObject();
            long offset = 0;
            foreach (TensorSpec tensor in layout)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", tensor.Type.FormatName());
                WriteNumbers(json, "shape", tensor.Shape);
                WriteNumbers(json, "data_offsets", [offset, checked(offset += tensor.ByteLength)]);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        // Spaces up to a multiple of 8 keep the data aligned in a memory map.
        int padding = -buffer.WrittenCount & (SafetensorsHeader.PrefixBytes - 1);
        buffer.GetSpan(padding)[..padding].Fill((byte)' ');
        buffer.Advance(padding);
        Span<byte> prefix = stackalloc byte[SafetensorsHeader.PrefixBytes];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, buffer.WrittenCount);
        stream.Write(prefix);
        stream.Write(buffer.WrittenSpan);
    }

    private static void WriteNumbers(Utf8JsonWriter json, string field, ReadOnlySpan<long> numbers)
    {
        json.WriteStartArray(field);
        foreach (long number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }

    private static void WriteIndex(string path, List<List<TensorSpec>> shards, List<string> names)
    {
        var shardOf = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((List<TensorSpec> shard, string name) in shards.Zip(names))
        {
            shard.ForEach(tensor => shardOf.Add(tensor.Name, name));
        }

        AtomicFile.Write(path, stream =>
        {
            using (var json = new Utf8JsonWriter(stream, Indented))
            {
                json.WriteStartObject();
                json.WriteStartObject("metadata");
                json.WriteNumber("total_size", shards.Sum(shard => shard.Sum(tensor => tensor.ByteLength)));
                json.WriteEndObject();
                json.WriteStartObject("weight_map");
                foreach ((string tensor, string file) in shardOf)
                {
                    json.WriteString(tensor, file);
                }

                json.WriteEndObject();
                json.WriteEndObject();
            }

            stream.WriteByte((byte)'\n');
        });
    }

    // Called when the new files are all in place: readers prefer a single file, so an earlier one stays in force until it goes here.
    private static void RemoveOthers(string directory, List<string> names)
    {
        foreach (string path in Directory.GetFiles(directory))
        {
            string name = Path.GetFileName(path);
            bool isWeights = name is WeightFiles.SingleFileName or WeightFiles.IndexFileName || ShardName().IsMatch(name);
            bool isCurrent = names.Contains(name) || (name == WeightFiles.IndexFileName && names.Count > 1);
            if (isWeights && !isCurrent)
            {
                File.Delete(path);
            }
        }
    }

    private static void RefuseUnusableNames(IReadOnlyCollection<TensorSpec> tensors)
    {
        var seen = new HashSet<string>();
        foreach (TensorSpec tensor in tensors)
        {
            if (tensor.Name == SafetensorsHeader.MetadataKey || !seen.Add(tensor.Name))
            {
                throw new ArgumentException($"'{tensor.Name}' is given twice or is reserved", nameof(tensors));
            }
        }
    }

    [GeneratedRegex(@"^model-\d{5}-of-\d{5}\.safetensors$")]
    private static partial Regex ShardName();
}

/// <summary>A tensor to be written: everything but its bytes.</summary>
/// <param name="Name">The checkpoint's name, such as "model.norm.weight".</param>
/// <param name="Type">The element type.</param>
/// <param name="Shape">The sizes, outermost first; empty for a scalar.</param>
public sealed record TensorSpec(string Name, StoredType Type, long[] Shape)
{
    /// <summary>The bytes the tensor takes in the file.</summary>
    /// <exception cref="InvalidOperationException">A size is negative.</exception>
    /// <exception cref="OverflowException">The shape takes more bytes than any file can hold.</exception>
    public long ByteLength => Shape.Aggregate((long)Type.SizeInBytes(), (bytes, size) =>
        size >= 0 ? checked(bytes * size) : throw new InvalidOperationException($"'{Name}' has the negative size {size}"));
}
