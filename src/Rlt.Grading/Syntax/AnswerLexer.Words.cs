using System.Text.RegularExpressions;
using Rlt.Grading.Numbers;

namespace Rlt.Grading.Syntax;

/// <summary>Plain letters: functions, connectives, units, variables and names.</summary>
internal sealed partial class AnswerLexer
{
    private void ReadLetters()
    {
        int end = _at;
        while (end < _text.Length && char.IsLetter(_text[end]))
        {
            end++;
        }

        string run = _text[_at..end];
        if (GluedConnective().Match(run) is { Success: true } glued)
        {
            run = glued.Value;
        }

        _at += run.Length;
        PlainWord(run);
    }

    private void PlainWord(string run)
    {
        bool afterNumber = _tokens.Count > 0 && _tokens[^1] is { Kind: AnswerTokenKind.Number } or { Kind: AnswerTokenKind.Sign, Text: "}" or ")" };
        if (Commands.Functions.TryGetValue(run, out string? function) || (run == "sqrt" && (function = run) == run))
        {
            Add(AnswerTokenKind.Command, function);
        }
        else if (run is "pi" or "Pi")
        {
            Add(AnswerTokenKind.Name, "π");
        }
        else if (run is "infinity" or "inf" or "oo" or "infty")
        {
            AddSign('∞');
        }
        else if (run is "union" || (run == "U" && _tokens.Count > 0 && _tokens[^1] is { Kind: AnswerTokenKind.Sign, Text: ")" or "]" or "⦄" }))
        {
            AddSign('∪');
        }
        else if (run is "and" or "or" or "And" or "Or" || (afterNumber && (Units.IsUnit(run) || Units.IsPercent(run))))
        {
            AddWords(run);
        }
        else
        {
            AddLetters(run);
        }
    }

    // Short runs are products of variables, longer ones a name; two words in a row are prose.
    private void AddLetters(string run)
    {
        const int shortestWord = 4;
        if (run.Length > 2 && _afterWord)
        {
            throw new UngradableException("prose");
        }

        foreach (string name in run.Length >= shortestWord ? [run] : run.Select(letter => letter.ToString()))
        {
            Add(AnswerTokenKind.Name, name);
        }

        _afterWord = run.Length > 2;
    }

    private void AddWords(string words)
    {
        if (Units.IsPercent(words))
        {
            AddSign('%');
        }
        else if (words.Trim() is "degrees" or "degree")
        {
            AddSign('°');
        }
        else
        {
            Add(AnswerTokenKind.Words, words.Trim());
        }
    }

    [GeneratedRegex("^(?:or|and)(?=[A-Z])")]
    private static partial Regex GluedConnective();
}
