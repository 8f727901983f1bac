using System.Buffers.Binary;
using System.Text;

namespace Rlt.Runs.TensorBoard;

/// <summary>The few messages of TensorBoard's Event protocol buffer that a run needs.</summary>
/// <remarks>
/// Source: tensorflow/core/util/event.proto and framework/summary.proto. Event: wall_time = 1 (double), step = 2 (int64), file_version = 3,
/// summary = 5, session_log = 7. Summary: value = 1, repeated, of tag = 1 and simple_value = 2 (float). SessionLog: status = 1, START is 1.
/// </remarks>
public static class EventMessage
{
    private const int Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5;

    /// <summary>The first message of every file.</summary>
    public static byte[] FileVersion(double wallTime) => [.. Head(wallTime, 0), .. Field(3, Encoding.UTF8.GetBytes("brain.Event:2"))];

    /// <summary>Tells TensorBoard that a run goes on at a step: what it has read from there on was of an attempt that was given up.</summary>
    public static byte[] SessionStart(double wallTime, long step) => [.. Head(wallTime, step), .. Field(7, [Tag(1, Varint), 1])];

    /// <summary>The values of a step.</summary>
    public static byte[] Scalars(double wallTime, long step, IEnumerable<(string Tag, double Value)> scalars) =>
        [.. Head(wallTime, step), .. Field(5, [.. scalars.SelectMany(scalar => Field(1, Scalar(scalar.Tag, (float)scalar.Value)))])];

    /// <summary>The step of a message; 0 where it has none.</summary>
    public static long Step(ReadOnlySpan<byte> message)
    {
        // wall_time and step come first in what this class writes, as in every serialized Event: fields are in the order of their numbers.
        int at = message.Length > 9 && message[0] == Tag(1, Fixed64) ? 9 : 0;
        return message.Length > at + 1 && message[at] == Tag(2, Varint) ? ReadVarint(message[(at + 1)..]) : 0;
    }

    private static byte[] Head(double wallTime, long step)
    {
        byte[] head = new byte[9];
        head[0] = Tag(1, Fixed64);
        BinaryPrimitives.WriteDoubleLittleEndian(head.AsSpan(1), wallTime);
        return [.. head, Tag(2, Varint), .. WriteVarint(step)];
    }

    private static byte[] Scalar(string tag, float value)
    {
        byte[] number = new byte[5];
        number[0] = Tag(2, Fixed32);
        BinaryPrimitives.WriteSingleLittleEndian(number.AsSpan(1), value);
        return [.. Field(1, Encoding.UTF8.GetBytes(tag)), .. number];
    }

    private static byte[] Field(int number, byte[] content) => [Tag(number, Bytes), .. WriteVarint(content.Length), .. content];

    private static byte Tag(int number, int wireType) => (byte)((number << 3) | wireType);

    private static List<byte> WriteVarint(long value)
    {
        var bytes = new List<byte>();
        ulong rest = (ulong)value;
        for (; rest >= 0x80; rest >>= 7)
        {
            bytes.Add((byte)(rest | 0x80));
        }

        bytes.Add((byte)rest);
        return bytes;
    }

    private static long ReadVarint(ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (int i = 0; i < bytes.Length && i < 10; i++)
        {
            value |= (ulong)(bytes[i] & 0x7F) << (7 * i);
            if (bytes[i] < 0x80)
            {
                break;
            }
        }

        return (long)value;
    }
}
