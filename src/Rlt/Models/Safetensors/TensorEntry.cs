namespace Rlt.Models.Safetensors;

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Name">The checkpoint's name, such as "model.norm.weight".</param>
/// <param name="Type">The element type.</param>
/// <param name="Shape">The sizes, outermost first; empty for a scalar.</param>
/// <param name="Offset">The first byte's place in the file, counted from the file's start.</param>
/// <param name="Length">The bytes of the tensor.</param>
public sealed record TensorEntry(string Name, StoredType Type, long[] Shape, long Offset, long Length);
