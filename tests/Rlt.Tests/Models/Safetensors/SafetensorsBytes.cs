using System.Buffers.Binary;
using System.Text;

namespace Rlt.Tests.Models.Safetensors;

/// <summary>Safetensors files made by hand, so that the reader is not tested with the writer alone.</summary>
internal static class SafetensorsBytes
{
    /// <summary>Two tensors: "a" F32 [2] = 1, 2 and "b" I16 [3] = 3, 4, 5.</summary>
    public const string Header = """{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"I16","shape":[3],"data_offsets":[8,14]}}""";

    public static readonly byte[] Data = [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 3, 0, 4, 0, 5, 0];

    public static byte[] File(string header, byte[] data) => File(Encoding.UTF8.GetBytes(header), data);

    public static byte[] File(byte[] header, byte[] data)
    {
        var prefix = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, header.Length);
        return [.. prefix, .. header, .. data];
    }
}
