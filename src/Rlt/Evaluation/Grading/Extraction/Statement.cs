using System.Text.RegularExpressions;
using Rlt.Evaluation.Grading.Syntax;

namespace Rlt.Evaluation.Grading.Extraction;

/// <summary>The value that a sentence states.</summary>
internal static partial class Statement
{
    private const int MostWords = 6;

    /// <summary>The value right after "the answer is": the first formulas, else a short text, else the last number of the sentence.</summary>
    public static string? Value(string text)
    {
        string first = FirstSentence(text);
        IReadOnlyList<Formula> formulas = Formula.All(first);
        if (formulas.Count > 0)
        {
            string before = first[..formulas[0].Start];
            bool isDirect = !Word().IsMatch(before);
            return isDirect ? Joined(first, formulas, 0) : Statement.InSentence(first);
        }

        string plain = Plain(first);
        return plain.Length == 0 ? null : IsAnswer(plain) ? plain : InSentence(first) ?? (Word().Count(plain) <= MostWords ? plain : null);
    }

    /// <summary>A text that is nothing but an answer: mathematics, or one word or letter.</summary>
    public static string? Whole(string text)
    {
        string plain = Plain(text);
        return plain.Length > 0 && !plain.Contains('\n', StringComparison.Ordinal) && IsAnswer(plain) ? plain : null;
    }

    /// <summary>The value of the last sentence that states one.</summary>
    public static string? Last(string text)
    {
        string rest = Hope().Replace(text, "").TrimEnd();
        foreach (string sentence in Sentences(rest).Reverse().Take(40))
        {
            if (InSentence(sentence) is { } value)
            {
                return value;
            }
        }

        return null;
    }

    private static string? InSentence(string sentence)
    {
        // What follows "because" is no answer.
        if (Reason().Match(sentence) is { Success: true } reason && Candidate(sentence[..reason.Index]) is { } before)
        {
            return before;
        }

        return Candidate(sentence);
    }

    private static string? Candidate(string sentence)
    {
        IReadOnlyList<Formula> formulas = Formula.All(sentence);
        Match? number = NumberPattern().Matches(sentence).LastOrDefault(match => formulas.All(formula => match.Index < formula.Start || match.Index >= formula.End));
        Match? equals = EqualsNumber().Matches(sentence).LastOrDefault(match => formulas.All(formula => match.Index < formula.Start || match.Index >= formula.End));
        if (equals is not null && (formulas.Count == 0 || formulas[^1].End <= equals.Index))
        {
            return equals.Groups[1].Value.Trim();
        }

        if (formulas.Count > 0 && (number is null || number.Index < formulas[^1].Start || formulas[^1].Text.Contains('=', StringComparison.Ordinal)))
        {
            return Joined(sentence, formulas, formulas.Count - 1);
        }

        return number?.Value.Trim() ?? (NumberWord().Matches(sentence).LastOrDefault() is { } word ? word.Value : null);
    }

    // Formulas with only "and", "or" or a comma between them are one answer.
    private static string Joined(string text, IReadOnlyList<Formula> formulas, int from)
    {
        int first = from, last = from;
        while (first > 0 && from == formulas.Count - 1 && Between().IsMatch(text[formulas[first - 1].End..formulas[first].Start]))
        {
            first--;
        }

        while (last + 1 < formulas.Count && Between().IsMatch(text[formulas[last].End..formulas[last + 1].Start]))
        {
            last++;
        }

        string unit = UnitAfter().Match(text, formulas[last].End) is { Success: true } word && last == first ? " " + word.Groups[1].Value : "";
        return string.Join(", ", formulas.Skip(first).Take(last - first + 1).Select(formula => formula.Text.Trim())) + unit;
    }

    private static bool IsAnswer(string plain) =>
        plain.Length <= AnswerParser.MostCharacters && (SingleWord().IsMatch(plain) || (Words(plain) <= (Formula.All(plain).Count > 0 ? 0 : 2) && AnswerParser.TryParse(plain) is not null));

    // Words outside of formulas' own commands and texts.
    private static int Words(string plain) => Word().Count(CommandName().Replace(plain, " "));

    private static string Plain(string text)
    {
        string plain = Hope().Replace(text, "").Replace("**", "", StringComparison.Ordinal).Trim().Trim('"', '`').TrimEnd('.', ' ');
        return plain;
    }

    private static string FirstSentence(string text)
    {
        string rest = text.TrimStart(' ', ':', '*', '\n', '\r', '"', '\\' == ' ' ? ' ' : ' ');
        return SentenceEnd().Match(rest) is { Success: true } end ? rest[..end.Index] : rest.Length > 1000 ? rest[..1000] : rest;
    }

    private static string[] Sentences(string text) => SentenceEnd().Split(text);

    [GeneratedRegex(@"I hope (?:it|this) is correct\.?|I hope this helps[.!]?", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Hope();

    [GeneratedRegex(@"(?<=[.!?](?:\$\$?|\\[\])]|\*\*)?)\s+(?=[A-Z\\(\[*~\-]|$)|\n\s*\n|(?<![$\\\[(,&=])\n(?![$\\\])&=])|\.?\s*(?=I hope)")]
    private static partial Regex SentenceEnd();

    [GeneratedRegex(@"\s(?:because|since|as desired|as required)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Reason();

    [GeneratedRegex(@"=\s*(-?\s*[$€£]?\s*-?(?:\d{1,3}(?:[, ]\d{3})+(?!\d)|\d+)?(?:\.?\d+)?(?:/\d+)?%?)(?![\d\w])")]
    private static partial Regex EqualsNumber();

    [GeneratedRegex(@"(?<![\p{L}\d_.,/\\^{])(?:-(?=[\d.$]))?[$€£]?(?:\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d{1,3}(?: \d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?(?:/\d+)?|\.\d+)(?:\s?\\?%|\s(?:percent|pct)\b)?(?![\d])")]
    private static partial Regex NumberPattern();

    [GeneratedRegex(@"\b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex NumberWord();

    [GeneratedRegex(@"\p{L}{2,}")]
    private static partial Regex Word();

    [GeneratedRegex(@"^\(?\p{L}+\)?$")]
    private static partial Regex SingleWord();

    [GeneratedRegex(@"\\(?:text|textbf|mbox|mathrm|operatorname|textnormal|textrm)\s*\{[^{}]*\}|\\[A-Za-z]+|\b(?:and|or|sqrt|pi|sin|cos|tan|log|ln|percent|pct)\b")]
    private static partial Regex CommandName();

    [GeneratedRegex(@"^\s*(?:,|;|and|or|,\s*and|,\s*or|\s)\s*$")]
    private static partial Regex Between();

    [GeneratedRegex(@"\G\s*(percent|pct|%)(?![A-Za-z])")]
    private static partial Regex UnitAfter();
}
