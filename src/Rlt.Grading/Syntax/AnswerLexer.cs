using System.Text.RegularExpressions;
using Rlt.Grading.Numbers;

namespace Rlt.Grading.Syntax;

/// <summary>Cuts an answer, LaTeX or plain, into tokens.</summary>
internal sealed partial class AnswerLexer
{
    private const int MostTokens = 2000;
    private const int MostNesting = 40;

    private readonly List<AnswerToken> _tokens = [];
    private readonly bool _commasSeparate;
    private readonly bool _readsSeries;
    private readonly int _nesting;
    private readonly string _text;
    private int _at;
    private int _brackets;
    private bool _space;
    private bool _afterWord;

    private AnswerLexer(string text, bool commasSeparate, bool readsSeries, int nesting)
    {
        _text = text;
        _commasSeparate = commasSeparate;
        _readsSeries = readsSeries;
        _nesting = nesting <= MostNesting ? nesting : throw new UngradableException("too deep");
    }

    /// <summary>The tokens of a text, the end among them.</summary>
    /// <param name="text">The answer.</param>
    /// <param name="commasSeparate">Whether a comma between digits always separates values.</param>
    /// <param name="readsSeries">Whether sums and products over a range may be there.</param>
    /// <exception cref="UngradableException">It holds what no answer has.</exception>
    public static List<AnswerToken> Read(string text, bool commasSeparate, bool readsSeries)
    {
        var lexer = new AnswerLexer(CleanText.Of(text), commasSeparate, readsSeries, 0);
        lexer.ReadAll();
        lexer._tokens.Add(new AnswerToken(AnswerTokenKind.End, "", false));
        return lexer._tokens;
    }

    private char Next(int offset = 0) => _at + offset < _text.Length ? _text[_at + offset] : '\0';

    private void ReadAll()
    {
        while (_at < _text.Length)
        {
            if (char.IsWhiteSpace(_text[_at]) || _text[_at] == '~')
            {
                _at++;
                _space = true;
                continue;
            }

            ReadOne();
            if (_tokens.Count > MostTokens)
            {
                throw new UngradableException("too long");
            }
        }
    }

    private void ReadOne()
    {
        char first = _text[_at];
        if (char.IsAsciiDigit(first) || (first == '.' && char.IsAsciiDigit(Next(1))))
        {
            ReadNumber();
        }
        else if (first == '\\')
        {
            ReadCommand();
        }
        else if (char.IsLetter(first))
        {
            ReadLetters();
        }
        else
        {
            ReadSign(first);
        }
    }

    private void Add(AnswerTokenKind kind, string text)
    {
        _tokens.Add(new AnswerToken(kind, text, _space));
        _space = false;
        _afterWord = false;
    }

    private void AddSign(char sign)
    {
        _brackets += sign is '(' or '[' or '⦃' ? 1 : sign is ')' or ']' or '⦄' ? -1 : 0;
        Add(AnswerTokenKind.Sign, sign.ToString());
    }

    private void ReadNumber()
    {
        string digits = NumberText.At(_text, _at, _commasSeparate || _brackets > 0, out int length) ?? throw new UngradableException("no number");
        _at += length;
        if (Repeating().Match(_text, _at) is { Success: true } repeating && (digits + repeating.Groups[1].Value).Count(letter => letter == '.') == 1)
        {
            digits += $"{repeating.Groups[1].Value}({repeating.Groups[2].Value})";
            _at += repeating.Length;
        }

        Add(AnswerTokenKind.Number, digits);
    }

    private void ReadSign(char first)
    {
        string two = _at + 1 < _text.Length ? _text.Substring(_at, 2) : "";
        char? sign = two switch
        {
            "<=" or "=<" => '≤',
            ">=" => '≥',
            "!=" => '≠',
            "==" => '=',
            "**" => '^',
            _ => null,
        };
        _at += sign is null ? 1 : 2;
        if (sign is { } joined)
        {
            AddSign(joined);
        }
        else if ("+-*/^_{}()[],;:|=<>≤≥≠≈≡∈∉∪∩∖±∓∞°%'!&∅∧∨".Contains(first, StringComparison.Ordinal))
        {
            AddSign(first);
        }
        else if (first is '$' or '€' or '£' or '"' or '`' or '“' or '”')
        {
            _space = true;
        }
        else if (first != '.' || !string.IsNullOrWhiteSpace(_text[_at..].Replace("$", "", StringComparison.Ordinal)))
        {
            throw new UngradableException("a sign that no answer has");
        }
    }

    [GeneratedRegex(@"\G(\.?)\\overline\{(\d+)\}")]
    private static partial Regex Repeating();
}
