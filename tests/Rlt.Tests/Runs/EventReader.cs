using System.Buffers.Binary;
using System.Text;

namespace Rlt.Tests.Runs;

/// <summary>Reads TensorBoard's event files, apart from the product's own code: any field order, unknown fields passed over.</summary>
internal static class EventReader
{
    /// <summary>The steps with values of all event files of a directory, in the order of the files' names.</summary>
    public static IEnumerable<(long Step, Dictionary<string, float> Values)> Scalars(string directory) =>
        Directory.GetFiles(directory, "*tfevents*").Order(StringComparer.Ordinal).SelectMany(file => Records(File.ReadAllBytes(file)))
            .Select(record => (Step(record), Values(record))).Where(step => step.Item2.Count > 0);

    /// <summary>The contents of a file's records; their lengths must add up to the file.</summary>
    public static IEnumerable<byte[]> Records(byte[] file)
    {
        int at = 0;
        while (at < file.Length)
        {
            int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at));
            yield return file[(at + 12)..(at + 12 + length)];
            at += 16 + length;
        }

        Assert.Equal(file.Length, at);
    }

    /// <summary>The fields of a message: number, and the value's bits or its bytes.</summary>
    public static List<(int Number, ulong Bits, byte[] Bytes)> Fields(byte[] message)
    {
        var fields = new List<(int, ulong, byte[])>();
        int at = 0;
        while (at < message.Length)
        {
            ulong tag = Varint();
            (ulong bits, byte[] bytes) = (tag & 7) switch
            {
                0 => (Varint(), Array.Empty<byte>()),
                1 => (BinaryPrimitives.ReadUInt64LittleEndian(Take(8)), []),
                2 => (0UL, Take((int)Varint())),
                5 => ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(Take(4)), Array.Empty<byte>()),
                _ => throw new InvalidDataException($"wire type {tag & 7}"),
            };
            fields.Add(((int)(tag >> 3), bits, bytes));
        }

        return fields;

        byte[] Take(int count) => message[at..(at += count)];

        ulong Varint()
        {
            ulong value = 0;
            for (int shift = 0; ; shift += 7)
            {
                byte next = message[at++];
                value |= (ulong)(next & 0x7F) << shift;
                if (next < 0x80)
                {
                    return value;
                }
            }
        }
    }

    public static long Step(byte[] record) => (long)Fields(record).Where(field => field.Number == 2).Select(field => field.Bits).FirstOrDefault();

    private static Dictionary<string, float> Values(byte[] record) => Fields(record).Where(field => field.Number == 5)
        .SelectMany(summary => Fields(summary.Bytes)).Select(value => Fields(value.Bytes))
        .ToDictionary(value => Encoding.UTF8.GetString(value.Single(field => field.Number == 1).Bytes), value => BitConverter.UInt32BitsToSingle((uint)value.Single(field => field.Number == 2).Bits));
}
