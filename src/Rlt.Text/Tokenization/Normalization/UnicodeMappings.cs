using System.Globalization;

namespace Rlt.Text.Tokenization.Normalization;

/// <summary>Combining classes, decompositions and compositions of code points (Unicode Standard Annex 15), read from unicode.txt, which scripts/make-normalization-tables.py writes.</summary>
internal sealed class UnicodeMappings
{
    // Hangul syllables are computed (Unicode Standard, section 3.12).
    private const int SyllableStart = 0xAC00;
    private const int LeadStart = 0x1100;
    private const int VowelStart = 0x1161;
    private const int TrailStart = 0x11A7;
    private const int LeadCount = 19;
    private const int VowelCount = 21;
    private const int TrailCount = 28;
    private const int SyllableCount = LeadCount * VowelCount * TrailCount;

    private static readonly Lazy<UnicodeMappings> _instance = new(() => new UnicodeMappings());

    private readonly Dictionary<int, int> _classes = [];
    private readonly Dictionary<int, int[]> _canonical = [];
    private readonly Dictionary<int, int[]> _compatible = [];
    private readonly Dictionary<(int First, int Second), int> _compositions = [];
    private readonly HashSet<int> _seconds = [];

    private UnicodeMappings()
    {
        Dictionary<string, string> tables = Tables();
        ReadRuns(tables["CombiningClasses"], (codePoint, value, _) => _classes.Add(codePoint, value));
        ReadRuns(tables["CanonicalSingles"], (codePoint, value, index) => _canonical.Add(codePoint, [value + index]));
        ReadRuns(tables["CompatibilitySingles"], (codePoint, value, index) => _compatible.Add(codePoint, [value + index]));
        foreach (string entry in tables["CompatibilitySequences"].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            var (codePoint, parts) = ReadSequence(entry);
            _compatible.Add(codePoint, parts);
        }

        foreach (string entry in tables["CanonicalPairs"].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            var (codePoint, parts) = ReadSequence(entry.TrimStart('!'));
            _canonical.Add(codePoint, parts);
            if (entry[0] != '!')
            {
                _compositions.Add((parts[0], parts[1]), codePoint);
                _seconds.Add(parts[1]);
            }
        }
    }

    /// <summary>The tables, read at first use.</summary>
    public static UnicodeMappings Instance => _instance.Value;

    /// <summary>Every code point that some form changes or joins to its neighbours.</summary>
    public IEnumerable<int> Affected =>
        _classes.Keys.Concat(_canonical.Keys).Concat(_compatible.Keys).Concat(_seconds)
            .Concat(Enumerable.Range(VowelStart, VowelCount)).Concat(Enumerable.Range(TrailStart + 1, TrailCount - 1))
            .Concat(Enumerable.Range(SyllableStart, SyllableCount));

    /// <summary>The canonical combining class: 0 for what begins a new cluster.</summary>
    public int CombiningClass(int codePoint) => _classes.GetValueOrDefault(codePoint);

    /// <summary>Whether a code point can be composed with one before it.</summary>
    public bool ComposesBackward(int codePoint) =>
        _seconds.Contains(codePoint) || codePoint is (>= VowelStart and < VowelStart + VowelCount) or (> TrailStart and < TrailStart + TrailCount);

    /// <summary>Adds a code point's full decomposition.</summary>
    public void Decompose(int codePoint, bool compatible, List<int> output)
    {
        if (IsSyllable(codePoint))
        {
            int index = codePoint - SyllableStart;
            output.Add(LeadStart + (index / (VowelCount * TrailCount)));
            output.Add(VowelStart + (index / TrailCount % VowelCount));
            if (index % TrailCount != 0)
            {
                output.Add(TrailStart + (index % TrailCount));
            }
        }
        else if (_canonical.TryGetValue(codePoint, out int[]? parts) || (compatible && _compatible.TryGetValue(codePoint, out parts)))
        {
            foreach (int part in parts)
            {
                Decompose(part, compatible, output);
            }
        }
        else
        {
            output.Add(codePoint);
        }
    }

    /// <summary>The code point that two compose to; null when they do not.</summary>
    public int? Compose(int first, int second)
    {
        if (first is >= LeadStart and < LeadStart + LeadCount && second is >= VowelStart and < VowelStart + VowelCount)
        {
            return SyllableStart + ((((first - LeadStart) * VowelCount) + second - VowelStart) * TrailCount);
        }

        if (IsSyllable(first) && (first - SyllableStart) % TrailCount == 0 && second is > TrailStart and < TrailStart + TrailCount)
        {
            return first + second - TrailStart;
        }

        return _compositions.TryGetValue((first, second), out int composed) ? composed : null;
    }

    // "# Name: what it is", then the table's entries.
    private static Dictionary<string, string> Tables()
    {
        using var reader = new StreamReader(typeof(UnicodeMappings).Assembly.GetManifestResourceStream("unicode.txt")!);
        return reader.ReadToEnd().Split("\n# ").Skip(1).Select(table => table.Split('\n', 2)).ToDictionary(table => table[0].Split(':')[0], table => table[1]);
    }

    private static bool IsSyllable(int codePoint) => codePoint is >= SyllableStart and < SyllableStart + SyllableCount;

    private static int Hex(ReadOnlySpan<char> digits) => int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static (int CodePoint, int[] Parts) ReadSequence(string entry)
    {
        int equals = entry.IndexOf('=', StringComparison.Ordinal);
        return (Hex(entry.AsSpan(0, equals)), [.. entry[(equals + 1)..].Split('+').Select(part => Hex(part))]);
    }

    private static void ReadRuns(string table, Action<int, int, int> add)
    {
        foreach (string entry in table.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            string[] sides = entry.Split('=');
            string[] limits = sides[0].Split('-');
            int first = Hex(limits[0]);
            for (int codePoint = first; codePoint <= Hex(limits[^1]); codePoint++)
            {
                add(codePoint, Hex(sides[1]), codePoint - first);
            }
        }
    }
}
