using System.Globalization;
using System.Text;

namespace Rlt.Text.Tokenization.Patterns;

/// <summary>An immutable set of Unicode code points: a sorted list of the places where membership changes, and a bit map for speed.</summary>
internal sealed class CodePointSet
{
    private const int End = 0x110000;
    private const int MapEnd = 0x10000;

    private static readonly Lazy<(int Start, UnicodeCategory Category)[]> _categoryRuns = new(FindCategoryRuns);
    private static readonly Lazy<int[][]> _caseGroups = new(FindCaseGroups);

    // Even entries begin a range of members, odd ones end it.
    private readonly int[] _changes;

    // From the first change to the last, but at most to code point 65536, 32 a word: what nearly every lookup needs.
    private readonly uint[] _map;
    private readonly int _mapStart;

    private CodePointSet(int[] changes)
    {
        _changes = changes;
        _mapStart = changes.Length == 0 ? 0 : changes[0];
        int mapEnd = changes.Length == 0 ? 0 : Math.Min(changes[^1], MapEnd);
        _map = new uint[(Math.Max(0, mapEnd - _mapStart) + 31) / 32];
        for (int i = 0; i < changes.Length; i += 2)
        {
            for (int codePoint = changes[i]; codePoint < Math.Min(changes[i + 1], mapEnd); codePoint++)
            {
                int place = codePoint - _mapStart;
                _map[place >> 5] |= 1u << (place & 31);
            }
        }
    }

    /// <summary>The set of every code point.</summary>
    public static CodePointSet All { get; } = Range(0, End - 1);

    /// <summary>The set of none.</summary>
    public static CodePointSet None { get; } = new([]);

    /// <summary>The code points with Unicode's White_Space property.</summary>
    public static CodePointSet WhiteSpace { get; } = OfRanges(
        (9, 13), (32, 32), (0x85, 0x85), (0xA0, 0xA0),
        (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000));

    /// <summary>The code points from <paramref name="first"/> to <paramref name="last"/>, both included.</summary>
    public static CodePointSet Range(int first, int last) => new([first, last + 1]);

    /// <summary>The code points of several ranges, in rising order.</summary>
    public static CodePointSet OfRanges(params (int First, int Last)[] ranges) =>
        new([.. ranges.SelectMany(range => new[] { range.First, range.Last + 1 })]);

    /// <summary>The code points that are listed, in any order.</summary>
    public static CodePointSet Of(IEnumerable<int> codePoints) => Merge(codePoints.Select(codePoint => (codePoint, codePoint + 1)));

    /// <summary>The code points of some general categories.</summary>
    public static CodePointSet OfCategories(params UnicodeCategory[] categories)
    {
        var changes = new List<int>();
        bool inside = false;
        foreach (var (start, category) in _categoryRuns.Value)
        {
            if (categories.Contains(category) != inside)
            {
                changes.Add(start);
                inside = !inside;
            }
        }

        if (inside)
        {
            changes.Add(End);
        }

        return new CodePointSet([.. changes]);
    }

    /// <summary>The code points in any of some sets.</summary>
    public static CodePointSet UnionOf(IReadOnlyList<CodePointSet> sets) => sets.Count == 1 ? sets[0] : Merge(sets.SelectMany(set => set.Ranges()));

    /// <summary>Whether the set holds a code point.</summary>
    public bool Contains(int codePoint)
    {
        uint place = (uint)(codePoint - _mapStart);
        if (place >> 5 < (uint)_map.Length)
        {
            return ((_map[place >> 5] >> (int)(place & 31)) & 1) != 0;
        }

        if (codePoint < _mapStart)
        {
            return false;
        }

        int index = Array.BinarySearch(_changes, codePoint);
        return ((index >= 0 ? index : ~index - 1) & 1) == 0;
    }

    /// <summary>The code points that are not in the set.</summary>
    public CodePointSet Complement() => Combine(All, (mine, _) => !mine);

    /// <summary>The code points in either set.</summary>
    public CodePointSet Union(CodePointSet other) => Combine(other, (mine, theirs) => mine || theirs);

    /// <summary>The code points in both sets.</summary>
    public CodePointSet Intersect(CodePointSet other) => Combine(other, (mine, theirs) => mine && theirs);

    /// <summary>The set with every code point that differs only in case from one of its own.</summary>
    public CodePointSet IgnoringCase()
    {
        Predicate<int> isMember = Contains;
        return Union(Of(_caseGroups.Value.Where(group => Array.Exists(group, isMember) && !Array.TrueForAll(group, isMember)).SelectMany(group => group)));
    }

    private static CodePointSet Merge(IEnumerable<(int Start, int End)> ranges)
    {
        var changes = new List<int>();
        foreach ((int start, int end) in ranges.Order())
        {
            if (changes.Count > 0 && start <= changes[^1])
            {
                changes[^1] = Math.Max(changes[^1], end);
            }
            else
            {
                changes.AddRange([start, end]);
            }
        }

        return new CodePointSet([.. changes]);
    }

    private CodePointSet Combine(CodePointSet other, Func<bool, bool, bool> rule)
    {
        var changes = new List<int>();
        int i = 0, j = 0;
        bool inside = false;
        for (int at = 0; at < End; at = Math.Min(Next(_changes, i), Next(other._changes, j)))
        {
            i += i < _changes.Length && _changes[i] == at ? 1 : 0;
            j += j < other._changes.Length && other._changes[j] == at ? 1 : 0;
            if (rule((i & 1) != 0, (j & 1) != 0) != inside)
            {
                changes.Add(at);
                inside = !inside;
            }
        }

        if (inside)
        {
            changes.Add(End);
        }

        return new CodePointSet([.. changes]);

        static int Next(int[] changes, int index) => index < changes.Length ? changes[index] : End;
    }

    private static (int Start, UnicodeCategory Category)[] FindCategoryRuns()
    {
        var runs = new List<(int, UnicodeCategory)>();
        for (int codePoint = 0; codePoint < End; codePoint++)
        {
            var category = CharUnicodeInfo.GetUnicodeCategory(codePoint);
            if (runs.Count == 0 || runs[^1].Item2 != category)
            {
                runs.Add((codePoint, category));
            }
        }

        return [.. runs];
    }

    private static int[][] FindCaseGroups()
    {
        // Lower case of upper case folds the one-way pairs as well, the Kelvin sign with k; but the runtime maps no other letter to ASCII,
        // so long s, which is an s, is named.
        var cased = OfCategories(
            UnicodeCategory.UppercaseLetter, UnicodeCategory.LowercaseLetter, UnicodeCategory.TitlecaseLetter,
            UnicodeCategory.LetterNumber, UnicodeCategory.OtherSymbol, UnicodeCategory.NonSpacingMark);
        return [.. cased.Members()
            .GroupBy(codePoint => codePoint == 'ſ' ? 's' : Rune.ToLowerInvariant(Rune.ToUpperInvariant(new Rune(codePoint))).Value)
            .Where(group => group.Count() > 1)
            .Select(group => group.ToArray())];
    }

    private IEnumerable<(int Start, int End)> Ranges() => Enumerable.Range(0, _changes.Length / 2).Select(i => (_changes[2 * i], _changes[(2 * i) + 1]));

    private IEnumerable<int> Members() => Ranges().SelectMany(range => Enumerable.Range(range.Start, range.End - range.Start));
}
