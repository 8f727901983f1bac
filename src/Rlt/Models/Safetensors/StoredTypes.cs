namespace Rlt.Models.Safetensors;

/// <summary>Sizes and file names of <see cref="StoredType"/>.</summary>
public static class StoredTypes
{
    /// <summary>Every supported name as the format writes it, for messages.</summary>
    internal static string AllNames { get; } = string.Join(", ", Enum.GetValues<StoredType>().Select(FormatName));

    /// <summary>Bytes of one element.</summary>
    public static int SizeInBytes(this StoredType type) => type switch
    {
        StoredType.F64 or StoredType.I64 => 8,
        StoredType.F32 or StoredType.I32 => 4,
        StoredType.F16 or StoredType.BF16 or StoredType.I16 => 2,
        StoredType.I8 or StoredType.U8 or StoredType.Bool => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a stored type"),
    };

    /// <summary>The type's name in a file's header, such as "BF16" or "BOOL".</summary>
    public static string FormatName(this StoredType type) => type == StoredType.Bool ? "BOOL" : type.ToString();

    /// <summary>The type of a header's name; false where it is not supported.</summary>
    internal static bool TryParse(string? name, out StoredType type)
    {
        foreach (StoredType candidate in Enum.GetValues<StoredType>())
        {
            if (candidate.FormatName() == name)
            {
                type = candidate;
                return true;
            }
        }

        type = default;
        return false;
    }

    /// <summary>The rank by which the reference library lays tensors out: highest first, which keeps wider elements aligned.</summary>
    internal static int LayoutRank(this StoredType type) => type switch
    {
        StoredType.I64 => 9,
        StoredType.F64 => 8,
        StoredType.F32 => 7,
        StoredType.I32 => 6,
        StoredType.BF16 => 5,
        StoredType.F16 => 4,
        StoredType.I16 => 3,
        StoredType.I8 => 2,
        StoredType.U8 => 1,
        _ => 0,
    };
}
