using Rlt.Text.Jinja.Values;

namespace Rlt.Text.Jinja.Syntax;

/// <summary>Splits a template into text and tags. Whitespace rules are those of Jinja with trim_blocks and
/// lstrip_blocks on and keep_trailing_newline off, as chat templates expect.</summary>
internal sealed class Lexer
{
    private readonly string _source;
    private readonly string _name;
    private readonly List<Token> _tokens = [];
    private int _position;
    private int _line = 1;

    private Lexer(string source, string name)
    {
        _source = source;
        _name = name;
    }

    /// <summary>All tokens of the template; the last one has kind <see cref="TokenKind.End"/>.</summary>
    public static IReadOnlyList<Token> Tokenize(string source, string name)
    {
        string normalized = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        if (normalized.EndsWith('\n'))
        {
            normalized = normalized[..^1];
        }

        var lexer = new Lexer(normalized, name);
        lexer.ReadTemplate();
        return lexer._tokens;
    }

    private void ReadTemplate()
    {
        while (_position < _source.Length)
        {
            int tag = FindTag(_position);
            if (tag < 0)
            {
                AddText(_source[_position..]);
                MoveTo(_source.Length);
                break;
            }

            char kind = _source[tag + 1];
            AddTextBefore(tag, SignAt(tag + 2), kind != '{');
            if (kind == '#')
            {
                SkipComment(tag);
            }
            else if (kind != '%' || !ReadRaw(tag))
            {
                ReadTag(tag, kind == '{');
            }
        }

        _tokens.Add(new Token(TokenKind.End, "", _line));
    }

    private int FindTag(int from)
    {
        for (int at = _source.IndexOf('{', from); at >= 0 && at + 1 < _source.Length; at = _source.IndexOf('{', at + 1))
        {
            if (_source[at + 1] is '{' or '%' or '#')
            {
                return at;
            }
        }

        return -1;
    }

    private char SignAt(int position) =>
        position < _source.Length && _source[position] is '-' or '+' ? _source[position] : ' ';

    /// <summary>Adds the text up to a tag, stripped as the tag's sign and lstrip_blocks ask.</summary>
    private void AddTextBefore(int tag, char sign, bool stripsLine)
    {
        string text = _source[_position..tag];
        bool startsLine = _position == 0 || _source[_position - 1] == '\n';
        MoveTo(tag);
        if (sign == '-')
        {
            text = PyText.TrimEnd(text);
        }
        else if (sign != '+' && stripsLine)
        {
            int lineStart = text.LastIndexOf('\n') + 1;
            if ((lineStart > 0 || startsLine) && PyText.IsBlank(text.AsSpan(lineStart)))
            {
                text = text[..lineStart];
            }
        }

        AddText(text);
    }

    private void AddText(string text)
    {
        if (text.Length > 0)
        {
            _tokens.Add(new Token(TokenKind.Text, text, _line));
        }
    }

    private void MoveTo(int position)
    {
        _line += _source.AsSpan(_position, position - _position).Count('\n');
        _position = position;
    }

    private void SkipComment(int tag)
    {
        // The sign of "{#-" belongs to the opening, so "{#-#}" has none before its end.
        int body = SignAt(tag + 2) == ' ' ? tag + 2 : tag + 3;
        int end = body <= _source.Length ? _source.IndexOf("#}", body, StringComparison.Ordinal) : -1;
        if (end < 0)
        {
            throw TemplateSyntax.Error(_name, _line, "a comment begins here and '#}' was expected, but the template ends");
        }

        char sign = end > body ? _source[end - 1] : ' ';
        MoveTo(AfterTagEnd(end + 2, sign));
    }

    /// <summary>Where text goes on behind a tag that ended at <paramref name="end"/> with this sign before its bracket.</summary>
    private int AfterTagEnd(int end, char sign) => sign switch
    {
        '-' => SkipSpace(end),
        '+' => end,
        _ => end < _source.Length && _source[end] == '\n' ? end + 1 : end,
    };

    private int SkipSpace(int position)
    {
        while (position < _source.Length && PyText.IsSpace(_source[position]))
        {
            position++;
        }

        return position;
    }

    /// <summary>Reads a raw block if one begins here.</summary>
    private bool ReadRaw(int tag)
    {
        int bodyStart = MatchRawTag(tag, "raw", trimsNewline: false);
        if (bodyStart < 0)
        {
            return false;
        }

        int firstLine = _line;
        MoveTo(bodyStart);
        for (int at = bodyStart; (at = _source.IndexOf("{%", at, StringComparison.Ordinal)) >= 0; at += 2)
        {
            int after = MatchRawTag(at, "endraw", trimsNewline: true);
            if (after >= 0)
            {
                AddTextBefore(at, SignAt(at + 2), stripsLine: true);
                MoveTo(after);
                return true;
            }
        }

        throw TemplateSyntax.Error(_name, firstLine, "a raw block begins here and '{% endraw %}' was expected, but the template ends");
    }

    /// <summary>The position behind a "{% word %}" tag, or -1 if there is none here.</summary>
    private int MatchRawTag(int tag, string word, bool trimsNewline)
    {
        int at = SkipSpace(SignAt(tag + 2) == ' ' ? tag + 2 : tag + 3);
        if (string.CompareOrdinal(_source, at, word, 0, word.Length) != 0)
        {
            return -1;
        }

        at = SkipSpace(at + word.Length);
        char sign = SignAt(at);
        int close = sign == ' ' ? at : at + 1;
        if (string.CompareOrdinal(_source, close, "%}", 0, 2) != 0 || (sign == '+' && !trimsNewline))
        {
            return -1;
        }

        return sign == ' ' && !trimsNewline ? close + 2 : AfterTagEnd(close + 2, sign);
    }

    private void ReadTag(int tag, bool isVariable)
    {
        _tokens.Add(new Token(isVariable ? TokenKind.VariableBegin : TokenKind.BlockBegin, "", _line));
        MoveTo(SignAt(tag + 2) == ' ' ? tag + 2 : tag + 3);
        var tokens = new TagLexer(_source, _name);
        var brackets = new Stack<char>();
        while (true)
        {
            MoveTo(SkipSpace(_position));
            if (_position >= _source.Length)
            {
                return;
            }

            if (brackets.Count == 0 && ReadTagEnd(isVariable))
            {
                return;
            }

            Token token = tokens.Read(_position, _line, out int next);
            CheckBrackets(token, brackets);
            _tokens.Add(token);
            MoveTo(next);
        }
    }

    private bool ReadTagEnd(bool isVariable)
    {
        string close = isVariable ? "}}" : "%}";
        char sign = SignAt(_position);
        int at = sign == ' ' ? _position : _position + 1;
        if (string.CompareOrdinal(_source, at, close, 0, 2) != 0 || (isVariable && sign == '+'))
        {
            return false;
        }

        _tokens.Add(new Token(isVariable ? TokenKind.VariableEnd : TokenKind.BlockEnd, "", _line));
        MoveTo(isVariable && sign == ' ' ? at + 2 : AfterTagEnd(at + 2, sign));
        return true;
    }

    private void CheckBrackets(Token token, Stack<char> brackets)
    {
        if (token.Kind != TokenKind.Operator)
        {
            return;
        }

        char bracket = token.Text[0];
        if (bracket is '(' or '[' or '{')
        {
            brackets.Push(bracket switch { '(' => ')', '[' => ']', _ => '}' });
        }
        else if (bracket is ')' or ']' or '}')
        {
            if (!brackets.TryPop(out char expected))
            {
                throw TemplateSyntax.Error(_name, _line, $"'{bracket}' closes nothing");
            }

            if (expected != bracket)
            {
                throw TemplateSyntax.Error(_name, _line, $"found '{bracket}', expected '{expected}'");
            }
        }
    }
}
