using System.Globalization;

namespace Rlt.Planning;

/// <summary>A memory that a plan must fit into.</summary>
/// <param name="Bytes">Its size.</param>
/// <param name="Usable">What a plan may take of it.</param>
public sealed record MemoryLimit(long Bytes, long Usable)
{
    // Of a GPU's memory its context and libraries take a part, and blocks of different sizes leave gaps.
    private const long GpuContext = 1L << 30;
    private const double GpuShare = 0.97;

    /// <summary>A GPU's memory.</summary>
    public static MemoryLimit OfGpu(long bytes) => new(bytes, Math.Max(0, (long)(bytes * GpuShare) - GpuContext));

    /// <summary>Main memory, of which a share is taken.</summary>
    public static MemoryLimit OfMain(long bytes, double share = 1) => new(bytes, (long)(bytes * share));

    // A number alone is of gigabytes below the one, of bytes from the other on; between them it could be neither.
    private const double MostGigabytes = 10_000, LeastBytes = 1e6;

    /// <summary>Whether a size is a number alone that <see cref="Parse"/> takes for gigabytes.</summary>
    public static bool IsGigabytes(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double count) && count is > 0 and < MostGigabytes;

    /// <summary>Reads "80G", "80GB" (10⁹ bytes each), "80GiB" (2³⁰), a number of gigabytes ("80") or one of bytes, a million at least.</summary>
    /// <exception cref="ConfigException">It is none of these.</exception>
    public static long Parse(string text)
    {
        if (IsGigabytes(text))
        {
            text += "G";
        }

        (string Unit, double Bytes)[] units =
            [("GiB", 1L << 30), ("MiB", 1L << 20), ("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("T", 1e12), ("G", 1e9), ("M", 1e6), ("", 1)];
        (string unit, double bytes) = units.First(unit => text.EndsWith(unit.Unit, StringComparison.OrdinalIgnoreCase));
        return double.TryParse(text[..^unit.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double count)
            && count > 0 && (unit.Length > 0 || count >= LeastBytes)
            ? (long)(count * bytes)
            : throw new ConfigException($"'{text}' is not a size of memory; expected such as 80G (10⁹ bytes) or 80GiB (2³⁰)");
    }

    /// <summary>A size for people: "12.3 GB", in units of 10⁹ or 10⁶ bytes.</summary>
    public static string Text(long bytes) => bytes >= 1_000_000_000
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.0} GB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB");
}
