using System.Text;
using Rlt.Files;

namespace Rlt.Models.Gguf;

/// <summary>Writes GGUF files of version 3 as a stream: metadata and the tensors' places first, then each tensor from its callback.</summary>
/// <remarks>Source: the format's specification, docs/gguf.md of ggml-org/ggml.</remarks>
internal static class GgufWriter
{
    private const int Version = 3;
    private const int Alignment = 32;

    /// <summary>Writes a file, whole or not at all.</summary>
    /// <param name="path">The file; an earlier one is replaced.</param>
    /// <param name="metadata">Keys and values: uint, int, float, bool, string, or lists of string, int or float.</param>
    /// <param name="tensors">The tensors, in the file's order.</param>
    public static void Write(string path, IReadOnlyList<(string Key, object Value)> metadata, IReadOnlyList<GgufTensor> tensors) =>
        AtomicFile.Write(path, stream => Write(stream, metadata, tensors));

    private static void Write(Stream stream, IReadOnlyList<(string Key, object Value)> metadata, IReadOnlyList<GgufTensor> tensors)
    {
        using (var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write("GGUF"u8);
            writer.Write(Version);
            writer.Write((long)tensors.Count);
            writer.Write((long)metadata.Count);
            foreach ((string key, object value) in metadata)
            {
                Text(writer, key);
                Value(writer, value, withType: true);
            }

            long offset = 0;
            foreach (GgufTensor tensor in tensors)
            {
                Text(writer, tensor.Name);
                writer.Write(tensor.Shape.Length);
                foreach (long size in tensor.Shape.Reverse())
                {
                    writer.Write(size);
                }

                writer.Write((int)tensor.Type);
                writer.Write(offset);
                offset += Padded(tensor.ByteLength);
            }
        }

        Pad(stream);
        foreach (GgufTensor tensor in tensors)
        {
            long begin = stream.Position;
            tensor.Write(stream);
            if (stream.Position - begin != tensor.ByteLength)
            {
                throw new InvalidOperationException($"'{tensor.Name}' was given {stream.Position - begin} bytes; it has {tensor.ByteLength}");
            }

            Pad(stream);
        }
    }

    private static void Value(BinaryWriter writer, object value, bool withType)
    {
        (int type, Action write) = value switch
        {
            uint number => (4, () => writer.Write(number)),
            int number => (5, () => writer.Write(number)),
            float number => (6, () => writer.Write(number)),
            bool flag => (7, () => writer.Write(flag)),
            string text => (8, () => Text(writer, text)),
            IReadOnlyList<string> texts => (9, () => List(writer, 8, texts)),
            IReadOnlyList<int> numbers => (9, () => List(writer, 5, numbers)),
            IReadOnlyList<float> numbers => (9, (Action)(() => List(writer, 6, numbers))),
            _ => throw new ArgumentException($"{value.GetType()} is no type of GGUF metadata", nameof(value)),
        };
        if (withType)
        {
            writer.Write(type);
        }

        write();
    }

    private static void List<T>(BinaryWriter writer, int type, IReadOnlyList<T> items)
    {
        writer.Write(type);
        writer.Write((long)items.Count);
        foreach (T item in items)
        {
            Value(writer, item!, withType: false);
        }
    }

    private static void Text(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((long)bytes.Length);
        writer.Write(bytes);
    }

    private static void Pad(Stream stream) => stream.Write(new byte[Padded(stream.Position) - stream.Position]);

    private static long Padded(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}
