using System.Text.RegularExpressions;
using Rlt.Grading.Numbers;

namespace Rlt.Grading.Syntax;

/// <summary>LaTeX commands as tokens.</summary>
internal sealed partial class AnswerLexer
{
    private void ReadCommand()
    {
        _at++;
        if (char.IsAsciiLetter(Next()))
        {
            int start = _at;
            while (char.IsAsciiLetter(Next()))
            {
                _at++;
            }

            ReadNamed(_text[start.._at]);
            return;
        }

        char sign = Next();
        _at++;
        switch (sign)
        {
            case '\\':
                SkipRowGap();
                AddSign('⏎');
                break;
            case '{' or '}':
                AddSign(sign == '{' ? '⦃' : '⦄');
                break;
            case '|':
                AddSign('|');
                break;
            case '%':
                AddSign('%');
                break;
            default:
                // Spaces, math delimiters, an escaped currency sign.
                _space = true;
                break;
        }
    }

    private void SkipRowGap()
    {
        if (RowGap().Match(_text, _at) is { Success: true } gap)
        {
            _at += gap.Length;
        }
    }

    private void ReadNamed(string name)
    {
        if (Commands.Layout.Contains(name))
        {
            // "\right." closes nothing.
            _at += name is "left" or "right" && Next() == '.' ? 1 : 0;
            _space = true;
        }
        else if (Commands.Signs.TryGetValue(name, out char sign))
        {
            AddSign(sign);
        }
        else if (Commands.Texts.Contains(name))
        {
            ReadText(name, Group());
        }
        else if (Commands.Looks.Contains(name))
        {
            Inline(SpacedDigits().Replace(Group(), ""));
        }
        else if (Commands.Functions.TryGetValue(name, out string? function))
        {
            Add(AnswerTokenKind.Command, function);
        }
        else if (_readsSeries && Commands.Series.Contains(name))
        {
            Add(AnswerTokenKind.Command, name);
        }
        else if (Commands.Unread.Contains(name) || Commands.Series.Contains(name))
        {
            throw new UngradableException("a sum, limit or the like");
        }
        else
        {
            ReadOther(name);
        }
    }

    private void ReadOther(string name)
    {
        switch (name)
        {
            case "frac" or "dfrac" or "tfrac" or "cfrac":
                Add(AnswerTokenKind.Command, "frac");
                break;
            case "binom" or "dbinom" or "tbinom":
                Add(AnswerTokenKind.Command, "binom");
                break;
            case "sqrt" or "lfloor" or "rfloor" or "lceil" or "rceil" or "choose":
                Add(AnswerTokenKind.Command, name);
                break;
            case "pi":
                Add(AnswerTokenKind.Name, "π");
                break;
            case "begin" or "end":
                ReadEnvironment(name);
                break;
            case "overline" or "bar" or "vec" or "hat" or "widehat" or "tilde" or "overrightarrow" or "mathbb" or "mathcal" or "dot":
                Add(AnswerTokenKind.Name, $"{name}:{Group()}");
                break;
            default:
                ReadUnknown(name);
                break;
        }
    }

    private void ReadUnknown(string name)
    {
        if (GluedLayout().Match(name) is { Success: true } glued)
        {
            _at -= name.Length - glued.Length;
            ReadNamed(glued.Value);
        }
        else
        {
            Add(AnswerTokenKind.Name, name);
        }
    }

    private void ReadEnvironment(string name)
    {
        string environment = Group().TrimEnd('*');
        if (environment is not ("pmatrix" or "bmatrix" or "matrix" or "Bmatrix" or "smallmatrix" or "array" or "vmatrix"))
        {
            throw new UngradableException("an environment that is no matrix");
        }

        if (name == "begin" && environment == "array")
        {
            Group();
        }

        Add(AnswerTokenKind.Command, environment == "vmatrix" && name == "begin" ? "determinant" : name);
    }

    private void ReadText(string command, string content)
    {
        string text = content.Trim(' ', '~');
        if (IsUnit(text))
        {
            AddWords(text.Replace(".", "", StringComparison.Ordinal));
            return;
        }

        bool isMath = command is "mathrm" or "operatorname" or "mathsf" or "mathtt"
            && (Commands.Functions.ContainsKey(text) || text.All(char.IsAsciiLetterUpper));
        if (!isMath && Wordy().IsMatch(text) && !char.IsAsciiDigit(text[0]))
        {
            AddWords(text);
        }
        else
        {
            Inline(text);
        }
    }

    // \text{m} after a value, \mathrm{h} under a unit, and \text{m/s}; a letter elsewhere is a variable.
    private bool IsUnit(string text) =>
        _tokens.Count > 0 && (
            _tokens[^1].Kind is AnswerTokenKind.Number or AnswerTokenKind.Words
                || (_tokens[^1].Kind == AnswerTokenKind.Sign && "})°/".Contains(_tokens[^1].Text, StringComparison.Ordinal)))
        && UnitLetters().IsMatch(text)
        && (!_tokens[^1].IsSign('/') || (_tokens.Count > 1 && _tokens[^2].Kind == AnswerTokenKind.Words));

    // Tokens of a group in the place of its command.
    private void Inline(string text)
    {
        var inner = new AnswerLexer(text, _commasSeparate || _brackets > 0, _readsSeries, _nesting + 1);
        inner.ReadAll();
        bool isGroup = inner._tokens.Count > 1;
        if (isGroup)
        {
            Add(AnswerTokenKind.Sign, "{");
        }

        _tokens.AddRange(inner._tokens);
        if (isGroup)
        {
            Add(AnswerTokenKind.Sign, "}");
        }
    }

    // The text of the braces that follow, or the one character.
    private string Group()
    {
        while (Next() == ' ')
        {
            _at++;
        }

        if (Next() != '{')
        {
            int length = Next() == '\0' ? 0 : 1;
            _at += length;
            return _text.Substring(_at - length, length);
        }

        int start = ++_at, depth = 1;
        for (; _at < _text.Length; _at++)
        {
            char letter = _text[_at];
            depth += letter == '{' ? 1 : letter == '}' ? -1 : 0;
            if (depth == 0)
            {
                return _text[start.._at++];
            }

            _at += letter == '\\' ? 1 : 0;
        }

        throw new UngradableException("a brace is not closed");
    }

    [GeneratedRegex(@"\G\s*\[[^\]\\]{0,12}(?:pt|em|ex|mm|cm|in)\]")]
    private static partial Regex RowGap();

    [GeneratedRegex(@"(?<=[\d,.]) +(?=[\d,.])")]
    private static partial Regex SpacedDigits();

    [GeneratedRegex("^(?:qquad|quad|cdot|times|pi|left|right)(?=[a-zA-Z])")]
    private static partial Regex GluedLayout();

    [GeneratedRegex(@"^(?:[msghL]|[A-Za-z]{1,3}/(?:m|s|h|g|L|km|cm|min|hr|kg)(?:\^?\{?[23]\}?)?|[apAP]\.?[mM]\.?)$")]
    private static partial Regex UnitLetters();

    [GeneratedRegex(@"\p{L}{2}")]
    private static partial Regex Wordy();
}
