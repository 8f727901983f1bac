using System.Text;

namespace Rlt.Tests.Models.Gguf;

/// <summary>Reads GGUF files, as the specification has them.</summary>
internal static class GgufReader
{
    /// <summary>The metadata, and each tensor's ggml type, sizes (innermost first) and bytes.</summary>
    public static (Dictionary<string, object> Metadata, Dictionary<string, (int Type, long[] Sizes, byte[] Bytes)> Tensors) Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        using var reader = new BinaryReader(new MemoryStream(file));
        Assert.Equal("GGUF", Encoding.ASCII.GetString(reader.ReadBytes(4)));
        Assert.Equal(3, reader.ReadInt32());
        long tensors = reader.ReadInt64(), pairs = reader.ReadInt64();
        var metadata = new Dictionary<string, object>();
        for (long i = 0; i < pairs; i++)
        {
            metadata.Add(Text(), Value(reader.ReadInt32()));
        }

        var places = new List<(string Name, int Type, long[] Sizes, long Offset)>();
        for (long i = 0; i < tensors; i++)
        {
            places.Add((Text(), Type: 0, [.. Enumerable.Range(0, reader.ReadInt32()).Select(_ => reader.ReadInt64())], 0));
            places[^1] = places[^1] with { Type = reader.ReadInt32(), Offset = reader.ReadInt64() };
        }

        long start = (reader.BaseStream.Position + 31) / 32 * 32;
        return (metadata, places.ToDictionary(place => place.Name, place => (place.Type, place.Sizes, Bytes(place.Type, place.Sizes, start + place.Offset))));

        string Text() => Encoding.UTF8.GetString(reader.ReadBytes((int)reader.ReadInt64()));

        object Value(int type) => type switch
        {
            4 => reader.ReadUInt32(),
            5 => reader.ReadInt32(),
            6 => reader.ReadSingle(),
            7 => reader.ReadBoolean(),
            8 => Text(),
            9 => List(),
            _ => throw new InvalidDataException($"type {type}"),
        };

        object[] List()
        {
            int type = reader.ReadInt32();
            return [.. Enumerable.Range(0, (int)reader.ReadInt64()).Select(_ => Value(type))];
        }

        byte[] Bytes(int type, long[] sizes, long from)
        {
            Assert.Equal(0, from % 32);
            long count = sizes.Aggregate(1L, (product, size) => product * size);
            long length = type switch { 0 => 4 * count, 8 => count / 32 * 34, _ => 2 * count };
            return file[(int)from..(int)(from + length)];
        }
    }
}
