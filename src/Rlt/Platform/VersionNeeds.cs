using System.Buffers.Binary;
using System.Text;

namespace Rlt.Platform;

/// <summary>
/// The versions of libstdc++ that a shared library asks for, and a cure for those that it names without using: a library that was linked on a newer
/// system can list a version of which it takes no symbol, and is then refused on an older system, though nothing is missing.
/// </summary>
/// <remarks>
/// Source: the ELF-64 object file format and "Symbol Versioning" of the LSB: .gnu.version_r holds a Verneed for each library with a Vernaux for each
/// version, .gnu.version the version of each symbol. A version marked weak (VER_FLG_WEAK) may be missing.
/// </remarks>
public static class VersionNeeds
{
    private const int SectionTableOffset = 40;
    private const int SectionSizeOffset = 58;
    private const uint SymbolVersions = 0x6fffffff;
    private const uint VersionsNeeded = 0x6ffffffe;
    private const uint Relocations = 4;
    private const int RelocationSize = 24;
    private const ushort Weak = 2;

    /// <summary>Marks as weak the versions of which no relocation takes a symbol.</summary>
    /// <param name="library">The bytes of a shared library of a 64-bit little-endian system, which are changed.</param>
    /// <param name="from">The library whose versions are meant, such as libstdc++.so.6.</param>
    /// <returns>The versions that are weak now and were not before.</returns>
    /// <exception cref="InvalidDataException">The bytes are laid out in another way.</exception>
    public static IReadOnlyList<string> WeakenUnused(Span<byte> library, string from)
    {
        try
        {
            return Weaken(library, from);
        }
        catch (Exception error) when (error is ArgumentOutOfRangeException or IndexOutOfRangeException or OverflowException)
        {
            throw new InvalidDataException("an offset leads outside of the file", error);
        }
    }

    private static List<string> Weaken(Span<byte> library, string from)
    {
        if (!library.StartsWith("\u007fELF\u0002\u0001"u8))
        {
            throw new InvalidDataException("it is no 64-bit little-endian ELF file");
        }

        List<Section> sections = Sections(library);
        Section needs = sections.Find(section => section.Type == VersionsNeeded) ?? throw new InvalidDataException("it lists no versions needed");
        HashSet<int> used = UsedVersions(library, sections);
        int names = sections[needs.Link].Start;
        var weakened = new List<string>();
        int next = 0;
        for (int need = needs.Start; ; need += next)
        {
            int aux = need + Int32(library, need + 8);
            bool meant = Name(library, names + Int32(library, need + 4)) == from;
            for (int i = UInt16(library, need + 2); meant && i > 0; i--, aux += Int32(library, aux + 12))
            {
                ushort flags = UInt16(library, aux + 4);
                if (!used.Contains(UInt16(library, aux + 6)) && (flags & Weak) == 0)
                {
                    BinaryPrimitives.WriteUInt16LittleEndian(library[(aux + 4)..], (ushort)(flags | Weak));
                    weakened.Add(Name(library, names + Int32(library, aux + 8)));
                }
            }

            next = Int32(library, need + 12);
            if (next <= 0)
            {
                return weakened;
            }
        }
    }

    // The versions of the symbols that relocations name: a symbol that is listed alone is never looked up.
    private static HashSet<int> UsedVersions(ReadOnlySpan<byte> library, List<Section> sections)
    {
        Section versions = sections.Find(section => section.Type == SymbolVersions) ?? throw new InvalidDataException("its symbols have no versions");
        var used = new HashSet<int>();
        foreach (Section relocations in sections.Where(section => section.Type == Relocations))
        {
            for (int at = relocations.Start; at < relocations.Start + relocations.Size; at += RelocationSize)
            {
                int symbol = Int32(library, at + 12);
                used.Add(UInt16(library, versions.Start + (2 * symbol)) & 0x7fff);
            }
        }

        return used;
    }

    private static List<Section> Sections(ReadOnlySpan<byte> library)
    {
        int start = checked((int)BinaryPrimitives.ReadInt64LittleEndian(library[SectionTableOffset..]));
        (int size, int count) = (UInt16(library, SectionSizeOffset), UInt16(library, SectionSizeOffset + 2));
        if (start == 0 || count == 0)
        {
            throw new InvalidDataException("it has no sections");
        }

        var sections = new List<Section>();
        for (int at = start; at < start + (size * count); at += size)
        {
            long offset = BinaryPrimitives.ReadInt64LittleEndian(library[(at + 24)..]);
            long length = BinaryPrimitives.ReadInt64LittleEndian(library[(at + 32)..]);
            sections.Add(new Section((uint)Int32(library, at + 4), checked((int)offset), checked((int)length), Int32(library, at + 40)));
        }

        return sections;
    }

    private static int Int32(ReadOnlySpan<byte> library, int at) => BinaryPrimitives.ReadInt32LittleEndian(library[at..]);

    private static ushort UInt16(ReadOnlySpan<byte> library, int at) => BinaryPrimitives.ReadUInt16LittleEndian(library[at..]);

    private static string Name(ReadOnlySpan<byte> library, int at)
    {
        ReadOnlySpan<byte> rest = library[at..];
        return Encoding.ASCII.GetString(rest[..rest.IndexOf((byte)0)]);
    }

    private sealed record Section(uint Type, int Start, int Size, int Link);
}
