using System.Globalization;

namespace Rlt.Text.Tokenization.Patterns;

/// <summary>
/// Reads the regular expressions of tokenizer files (Oniguruma's default syntax) into nodes.
/// Back references, scripts as properties, conditionals and named calls are refused; no published tokenizer needs them.
/// </summary>
internal sealed partial class PatternParser
{
    private const int MaxRepeat = 1000;
    private const int MaxDepth = 100;
    private const int MaxStackedRepeats = 4;

    private readonly string _pattern;
    private int _at;
    private int _depth;
    private bool _ignoreCase;
    private bool _dotMatchesLineFeed;

    private PatternParser(string pattern) => _pattern = pattern;

    private bool AtEnd => _at >= _pattern.Length;

    /// <summary>Reads a pattern.</summary>
    /// <exception cref="PatternSyntaxException">The pattern is malformed or uses something that is not supported.</exception>
    public static PatternNode Parse(string pattern)
    {
        var parser = new PatternParser(pattern);
        var node = parser.ParseAlternation();
        return parser.AtEnd ? node : throw parser.Fail("')' closes nothing");
    }

    private PatternNode ParseAlternation()
    {
        if (++_depth > MaxDepth)
        {
            throw Fail($"groups are nested more than {MaxDepth} deep");
        }

        var choices = new List<PatternNode>();
        bool ignoreCase = _ignoreCase, dotMatchesLineFeed = _dotMatchesLineFeed;
        do
        {
            choices.Add(ParseSequence());
        }
        while (TryTake('|'));

        // Options set inside a group end with it.
        (_ignoreCase, _dotMatchesLineFeed) = (ignoreCase, dotMatchesLineFeed);
        _depth--;
        return choices.Count == 1 ? choices[0] : new AlternationNode(choices);
    }

    private SequenceNode ParseSequence()
    {
        var parts = new List<PatternNode>();
        while (!AtEnd && _pattern[_at] is not ('|' or ')'))
        {
            if (ParseAtom() is { } atom)
            {
                parts.Add(ParseRepeats(atom));
            }
        }

        return new SequenceNode(parts);
    }

    private PatternNode? ParseAtom()
    {
        char c = _pattern[_at];
        switch (c)
        {
            case '(':
                _at++;
                return ParseGroup();
            case '[':
                _at++;
                return new SetNode(ParseSet());
            case '.':
                _at++;
                return new SetNode(_dotMatchesLineFeed ? CodePointSet.All : CodePointSet.Range('\n', '\n').Complement());
            case '^':
                _at++;
                return new AnchorNode(AnchorKind.LineStart);
            case '$':
                _at++;
                return new AnchorNode(AnchorKind.LineEnd);
            case '*' or '+' or '?':
                throw Fail($"'{c}' repeats nothing");
            case '\\':
                return ParseEscapedAtom();
            default:
                return Literal(TakeCodePoint());
        }
    }

    private SetNode Literal(int codePoint)
    {
        var set = CodePointSet.Range(codePoint, codePoint);
        return new SetNode(_ignoreCase ? set.IgnoringCase() : set);
    }

    private PatternNode ParseEscapedAtom()
    {
        AnchorKind? anchor = Peek(1) switch
        {
            'A' => AnchorKind.TextStart,
            'z' => AnchorKind.TextEnd,
            'Z' => AnchorKind.TextEndOrLastLine,
            'b' => AnchorKind.WordBoundary,
            'B' => AnchorKind.NotWordBoundary,
            _ => null,
        };
        if (anchor is { } kind)
        {
            _at += 2;
            return new AnchorNode(kind);
        }

        return ParseEscape(PatternClasses.Word) is var (set, codePoint) && set is not null ? new SetNode(set) : Literal(codePoint);
    }

    private PatternNode? ParseGroup()
    {
        if (!TryTake('?'))
        {
            return Close(ParseAlternation());
        }

        return Take() switch
        {
            ':' => Close(ParseAlternation()),
            '=' => Close(new LookNode(ParseAlternation(), Behind: false, Negated: false)),
            '!' => Close(new LookNode(ParseAlternation(), Behind: false, Negated: true)),
            '>' => Close(new AtomicNode(ParseAlternation())),
            '<' when Peek(0) is '=' or '!' => ParseLookBehind(Take() == '!'),
            'i' or 'm' or 'x' or '-' => ParseOptions(),
            var other => throw Fail($"the group '(?{other}' is not supported; supported are (?:  (?=  (?!  (?<=  (?<!  (?>  (?i:  (?m:"),
        };
    }

    /// <summary>Reads a look-behind; each of its choices must have one length, and looks back by its own.</summary>
    private PatternNode ParseLookBehind(bool negated)
    {
        var body = ParseAlternation();
        var looks = (body is AlternationNode alternation ? alternation.Choices : [body]).Select(choice => new LookNode(choice, Behind: true, negated)).ToList();
        if (looks.Any(look => look.Body.Length is null))
        {
            throw Fail("a look-behind whose length varies is not supported");
        }

        return Close(negated ? new SequenceNode(looks) : new AlternationNode(looks));
    }

    /// <summary>Options for a group, <c>(?i:...)</c>, or for the rest of the one they stand in, <c>(?i)</c>.</summary>
    private PatternNode? ParseOptions()
    {
        bool ignoreCase = _ignoreCase, dotMatchesLineFeed = _dotMatchesLineFeed;
        bool value = true;
        for (_at--; ;)
        {
            switch (Take())
            {
                case '-':
                    value = false;
                    break;
                case 'i':
                    _ignoreCase = value;
                    break;
                case 'm':
                    _dotMatchesLineFeed = value;
                    break;
                case ')':
                    return null;
                case ':':
                    var body = ParseAlternation();
                    (_ignoreCase, _dotMatchesLineFeed) = (ignoreCase, dotMatchesLineFeed);
                    return Close(body);
                case var other:
                    throw Fail($"the option '{other}' is not supported; supported are i and m");
            }
        }
    }

    private PatternNode ParseRepeats(PatternNode node)
    {
        for (int stacked = 0; !AtEnd; stacked++)
        {
            int start = _at;
            (int min, int max) = Peek(0) switch
            {
                '*' => (0, int.MaxValue),
                '+' => (1, int.MaxValue),
                '?' => (0, 1),
                '{' => ParseBounds() ?? (-1, -1),
                _ => (-1, -1),
            };
            if (min < 0)
            {
                _at = start;
                return node;
            }

            if (stacked == MaxStackedRepeats)
            {
                throw Fail($"more than {MaxStackedRepeats} repetitions follow one another");
            }

            bool braces = _pattern[start] == '{';
            _at += braces ? 0 : 1;

            // After braces '+' repeats the repetition, as in Oniguruma's default syntax; elsewhere it makes it possessive.
            var kind = TryTake('?') ? RepeatKind.Lazy : !braces && TryTake('+') ? RepeatKind.Possessive : RepeatKind.Greedy;
            if (max == int.MaxValue && node.CanBeEmpty)
            {
                throw Fail("an unlimited repetition of something that can be empty is not supported");
            }

            node = new RepeatNode(node, min, max, kind);
        }

        return node;
    }

    /// <summary>Reads <c>{2}</c>, <c>{2,}</c>, <c>{,3}</c> or <c>{2,3}</c>; null when the brace is only a brace.</summary>
    private (int Min, int Max)? ParseBounds()
    {
        int close = _pattern.IndexOf('}', _at);
        string[] parts = close < 0 ? [] : _pattern[(_at + 1)..close].Split(',');
        if (parts.Length is < 1 or > 2 || parts.All(part => part.Length == 0) || parts.Any(part => !part.All(char.IsAsciiDigit)))
        {
            return null;
        }

        _at = close + 1;
        int min = Bound(parts[0], 0);
        int max = parts.Length == 1 ? min : Bound(parts[1], int.MaxValue);
        return min <= max ? (min, max) : throw Fail($"the repetition {{{min},{max}}} has its limits in the wrong order");
    }

    private int Bound(string digits, int missing)
    {
        if (digits.Length == 0)
        {
            return missing;
        }

        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value <= MaxRepeat
            ? value
            : throw Fail($"the repetition {digits} is too large; at most {MaxRepeat} is supported");
    }

    private PatternNode Close(PatternNode node) => TryTake(')') ? node : throw Fail("'(' is never closed");

    private char Peek(int ahead) => _at + ahead < _pattern.Length ? _pattern[_at + ahead] : '\0';

    private char Take() => AtEnd ? throw Fail("the pattern ends inside a group") : _pattern[_at++];

    private bool TryTake(char c)
    {
        bool found = !AtEnd && _pattern[_at] == c;
        _at += found ? 1 : 0;
        return found;
    }

    private int TakeCodePoint()
    {
        int codePoint = CodePoints.At(_pattern, _at, _pattern.Length, out int length);
        _at += length;
        return codePoint;
    }

    private PatternSyntaxException Fail(string problem) => new($"{problem}, at character {Math.Min(_at, _pattern.Length)}");
}
