using System.Collections.Concurrent;
using System.Globalization;

namespace Rlt.Text.Tokenization.Patterns;

/// <summary>The named sets of code points that a pattern can mention.</summary>
internal static class PatternClasses
{
    private static readonly Dictionary<string, UnicodeCategory> _categories = new()
    {
        ["Lu"] = UnicodeCategory.UppercaseLetter,
        ["Ll"] = UnicodeCategory.LowercaseLetter,
        ["Lt"] = UnicodeCategory.TitlecaseLetter,
        ["Lm"] = UnicodeCategory.ModifierLetter,
        ["Lo"] = UnicodeCategory.OtherLetter,
        ["Mn"] = UnicodeCategory.NonSpacingMark,
        ["Mc"] = UnicodeCategory.SpacingCombiningMark,
        ["Me"] = UnicodeCategory.EnclosingMark,
        ["Nd"] = UnicodeCategory.DecimalDigitNumber,
        ["Nl"] = UnicodeCategory.LetterNumber,
        ["No"] = UnicodeCategory.OtherNumber,
        ["Pc"] = UnicodeCategory.ConnectorPunctuation,
        ["Pd"] = UnicodeCategory.DashPunctuation,
        ["Ps"] = UnicodeCategory.OpenPunctuation,
        ["Pe"] = UnicodeCategory.ClosePunctuation,
        ["Pi"] = UnicodeCategory.InitialQuotePunctuation,
        ["Pf"] = UnicodeCategory.FinalQuotePunctuation,
        ["Po"] = UnicodeCategory.OtherPunctuation,
        ["Sm"] = UnicodeCategory.MathSymbol,
        ["Sc"] = UnicodeCategory.CurrencySymbol,
        ["Sk"] = UnicodeCategory.ModifierSymbol,
        ["So"] = UnicodeCategory.OtherSymbol,
        ["Zs"] = UnicodeCategory.SpaceSeparator,
        ["Zl"] = UnicodeCategory.LineSeparator,
        ["Zp"] = UnicodeCategory.ParagraphSeparator,
        ["Cc"] = UnicodeCategory.Control,
        ["Cf"] = UnicodeCategory.Format,
        ["Cs"] = UnicodeCategory.Surrogate,
        ["Co"] = UnicodeCategory.PrivateUse,
        ["Cn"] = UnicodeCategory.OtherNotAssigned,
    };

    private static readonly ConcurrentDictionary<string, CodePointSet> _properties = new(StringComparer.OrdinalIgnoreCase);

    // Everything alphabetic, marks, decimal digits and connectors; of the symbols, the circled letters are alphabetic.
    private static readonly CodePointSet _word =
        Property("L")!.Union(Property("M")!).Union(Property("Nl")!).Union(Property("Nd")!).Union(Property("Pc")!)
            .Union(CodePointSet.OfRanges((0x24B6, 0x24E9), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189)));

    /// <summary>What <c>\w</c> means inside a set of a file's pattern.</summary>
    public static CodePointSet WordInSet => _word;

    /// <summary>What <c>\w</c> means elsewhere in a file's pattern: as Oniguruma has it, with the six other numbers of Latin-1.</summary>
    public static CodePointSet Word { get; } = _word.Union(CodePointSet.Of([0xB2, 0xB3, 0xB9, 0xBC, 0xBD, 0xBE]));

    /// <summary>What a word is made of where no pattern says it: as the standard has it, with the two joiners.</summary>
    public static CodePointSet StandardWord { get; } = _word.Union(CodePointSet.Range(0x200C, 0x200D));

    /// <summary>What <c>\d</c> means: decimal digits of every script.</summary>
    public static CodePointSet Digit { get; } = CodePointSet.OfCategories(UnicodeCategory.DecimalDigitNumber);

    /// <summary>Numbers of every kind.</summary>
    public static CodePointSet Number { get; } = Property("N")!;

    /// <summary>What <c>\h</c> means: hexadecimal digits.</summary>
    public static CodePointSet HexDigit { get; } = CodePointSet.OfRanges(('0', '9'), ('A', 'F'), ('a', 'f'));

    /// <summary>Unicode punctuation, and the ASCII symbols that count as punctuation for a Punctuation splitter.</summary>
    public static CodePointSet Punctuation { get; } =
        Property("P")!.Union(CodePointSet.OfRanges(('!', '/'), (':', '@'), ('[', '`'), ('{', '~')));

    /// <summary>The general categories by name, for messages.</summary>
    public static string Names => "L, M, N, P, S, Z, C and their parts (" + string.Join(", ", _categories.Keys) + ")";

    /// <summary>The set of a general category (<c>L</c>) or a part of one (<c>Lu</c>); null when there is none of that name.</summary>
    public static CodePointSet? Property(string name)
    {
        UnicodeCategory[] categories =
        [
            .. _categories.Where(pair => string.Equals(name.Length == 1 ? pair.Key[..1] : pair.Key, name, StringComparison.OrdinalIgnoreCase))
                .Select(pair => pair.Value),
        ];
        return categories.Length == 0 ? null : _properties.GetOrAdd(name, _ => CodePointSet.OfCategories(categories));
    }
}
