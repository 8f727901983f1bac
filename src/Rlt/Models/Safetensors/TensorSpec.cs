namespace Rlt.Models.Safetensors;

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
