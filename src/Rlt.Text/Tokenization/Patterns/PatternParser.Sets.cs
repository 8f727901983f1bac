using System.Globalization;

namespace Rlt.Text.Tokenization.Patterns;

// Sets of characters, and what follows a backslash.
internal sealed partial class PatternParser
{
    /// <summary>Reads the inside of <c>[...]</c>, with nested sets and <c>&amp;&amp;</c>.</summary>
    private CodePointSet ParseSet()
    {
        if (++_depth > MaxDepth)
        {
            throw Fail($"sets are nested more than {MaxDepth} deep");
        }

        bool negated = TryTake('^');
        CodePointSet? both = null;
        var items = new List<CodePointSet>();
        for (bool first = true; AtEnd || _pattern[_at] != ']' || first; first = false)
        {
            if (AtEnd)
            {
                throw Fail("'[' is never closed");
            }

            if (_pattern.AsSpan(_at).StartsWith("&&"))
            {
                _at += 2;
                both = Both();
                items.Clear();
            }
            else
            {
                items.Add(ParseSetItem());
            }
        }

        _at++;
        _depth--;
        CodePointSet set = _ignoreCase ? Both().IgnoringCase() : Both();
        return negated ? set.Complement() : set;

        CodePointSet Both()
        {
            var last = CodePointSet.UnionOf(items);
            return both?.Intersect(last) ?? last;
        }
    }

    private CodePointSet ParseSetItem()
    {
        if (_pattern.AsSpan(_at).StartsWith("[:"))
        {
            throw Fail("a POSIX bracket such as [:alpha:] is not supported; use \\p{...}");
        }

        if (TryTake('['))
        {
            return ParseSet();
        }

        var (set, first) = ParseSetPoint();
        if (set is not null)
        {
            return set;
        }

        if (Peek(0) != '-' || Peek(1) is ']' or '\0')
        {
            return CodePointSet.Range(first, first);
        }

        _at++;
        var (end, last) = ParseSetPoint();
        if (end is not null || last < first)
        {
            throw Fail("a range of a set has no end or its ends in the wrong order");
        }

        return CodePointSet.Range(first, last);
    }

    private (CodePointSet? Set, int CodePoint) ParseSetPoint() => Peek(0) == '\\' ? ParseEscape(PatternClasses.WordInSet) : (null, TakeCodePoint());

    /// <summary>Reads what follows a backslash and means the same inside and outside of a set.</summary>
    private (CodePointSet? Set, int CodePoint) ParseEscape(CodePointSet word)
    {
        _at++;
        if (AtEnd)
        {
            throw Fail("a backslash ends the pattern");
        }

        int c = TakeCodePoint();
        return c switch
        {
            's' => (CodePointSet.WhiteSpace, 0),
            'S' => (CodePointSet.WhiteSpace.Complement(), 0),
            'd' => (PatternClasses.Digit, 0),
            'D' => (PatternClasses.Digit.Complement(), 0),
            'w' => (word, 0),
            'W' => (word.Complement(), 0),
            'h' => (PatternClasses.HexDigit, 0),
            'H' => (PatternClasses.HexDigit.Complement(), 0),
            'p' or 'P' => (ParseProperty(c == 'P'), 0),
            'n' => (null, '\n'),
            'r' => (null, '\r'),
            't' => (null, '\t'),
            'f' => (null, '\f'),
            'v' => (null, '\v'),
            'a' => (null, '\a'),
            'e' => (null, 0x1B),
            '0' => (null, 0),
            'x' => (null, Peek(0) == '{' ? ParseBracedHex() : ParseHex(2)),
            'u' => (null, ParseHex(4)),
            < 128 when char.IsAsciiLetterOrDigit((char)c) => throw Fail($"the escape '\\{(char)c}' is not supported"),
            _ => (null, c),
        };
    }

    private CodePointSet ParseProperty(bool negated)
    {
        int close = Peek(0) == '{' ? _pattern.IndexOf('}', _at) : -1;
        if (close < 0)
        {
            throw Fail("\\p must be followed by a property in braces");
        }

        string name = _pattern[(_at + 1)..close];
        _at = close + 1;
        negated ^= name.StartsWith('^');
        var set = PatternClasses.Property(name.TrimStart('^'))
            ?? throw Fail($"the property '{name}' is not supported; supported are {PatternClasses.Names}");
        return negated ? set.Complement() : set;
    }

    private int ParseBracedHex()
    {
        int close = _pattern.IndexOf('}', _at);
        _at++;
        int value = close < 0 ? throw Fail("'\\x{' is never closed") : ParseHex(close - _at);
        _at++;
        return value;
    }

    private int ParseHex(int length)
    {
        string digits = _at + length <= _pattern.Length ? _pattern.Substring(_at, length) : "";
        _at += length;
        return int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value) && value is >= 0 and < 0x110000
            ? value
            : throw Fail("a hexadecimal escape is malformed");
    }
}
