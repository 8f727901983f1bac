using System.Text.RegularExpressions;
using Rlt.Grading.Syntax;

namespace Rlt.Grading.Extraction;

/// <summary>The value that a sentence states.</summary>
internal static partial class StatedValue
{
    private const int MostWords = 6;
    private const int MostSentences = 40;
    private const int MostStatement = 1000;

    /// <summary>The value right after "the answer is": the first formulas, else a short text, else the last number of the sentence.</summary>
    public static string? Value(string text)
    {
        string first = FirstSentence(text);
        if (ChoiceStatement.Letter(first) is { } letter)
        {
            return letter;
        }

        if (WithoutClause(first) is var statement && statement != first && IsAnswer(Plain(statement)))
        {
            return Plain(first).Trim('$', ' ');
        }

        IReadOnlyList<Formula> formulas = Formula.All(first);
        if (formulas.Count > 0)
        {
            string before = first[..formulas[0].Start];
            bool isDirect = !Word().IsMatch(before);
            return isDirect ? Joined(first, formulas, 0, isAll: true) : InSentence(first);
        }

        string plain = Plain(first);
        return plain.Length == 0 ? null : IsAnswer(plain) || NumberWords.WithDigits(plain) != plain ? plain : WithoutReason(first) is { Length: > 0 } value && IsMathematics(value)
            ? value : InSentence(first) ?? (Word().Count(plain) <= MostWords ? plain : null);
    }

    /// <summary>The value right after "the answer is", where it is mathematics or a choice's letter and nothing else is said of it but a reason.</summary>
    public static string? Direct(string text)
    {
        string first = FirstSentence(Display.OnOneLine(text.Length > MostStatement ? text[..MostStatement] : text));
        string value = WithoutReason(first);
        return ChoiceStatement.Letter(first) ?? (value.Length > 0 && IsMathematics(value) ? value.Trim('$', ' ') : null);
    }

    private static string WithoutReason(string sentence) => Plain(After().Match(sentence) is { Success: true } after ? sentence[..after.Index] : sentence);

    /// <summary>An answer without the "where n is a whole number" after it.</summary>
    public static string WithoutClause(string answer) =>
        answer.Length < AnswerParser.MostCharacters && Clause().Match(answer) is { Success: true, Index: > 0 } clause ? answer[..clause.Index] : answer;

    /// <summary>A text that is nothing but an answer: mathematics, one word or letter, or a choice with its text.</summary>
    public static string? Whole(string text)
    {
        string plain = Plain(text);
        return plain.Length == 0 || plain.Contains('\n', StringComparison.Ordinal) ? null : ChoiceStatement.Letter(plain) is { } letter
            && !IsMathematics(plain) ? letter : IsAnswer(plain) || NumberWords.WithDigits(plain) != plain ? plain : null;
    }

    /// <summary>The value of the last sentence that states one.</summary>
    public static string? Last(string text)
    {
        string rest = Hope().Replace(text, "").TrimEnd();
        string[] sentences = [.. SentenceEnd().Split(rest).TakeLast(MostSentences)];
        for (int i = sentences.Length - 1; i >= 0; i--)
        {
            if (InSentence(sentences[i]) is { } value)
            {
                return i > 0 && Restated(sentences[i - 1], sentences[i]) is { } computed ? computed : value;
            }
        }

        return null;
    }

    /// <summary>The text after its first sentence.</summary>
    public static string WithoutFirst(string text) => SentenceEnd().Match(text) is { Success: true } end ? text[(end.Index + end.Length)..] : "";

    // "16 * 8 = 132. She needs 132 spoons for 16 muffins.": the sentence repeats what was computed before it.
    private static string? Restated(string before, string sentence)
    {
        string statement = LeadingReason().Replace(sentence, "");
        return !statement.Contains('=', StringComparison.Ordinal) && Formula.All(statement).Count == 0
            && EqualsNumber().Matches(before).LastOrDefault() is { } computed && NumberPattern().Match(statement) is { Success: true } first
            && Digits(first.Value) == Digits(computed.Groups[1].Value)
                ? computed.Groups[1].Value.Trim()
                : null;
    }

    private static string Digits(string number) => string.Concat(number.Where(letter => char.IsAsciiDigit(letter) || letter == '.'));

    private static string? InSentence(string sentence)
    {
        // What follows "because" is no answer.
        sentence = LeadingReason().Replace(sentence, "");
        if (Reason().Match(sentence) is { Success: true } reason && !Conclusion().IsMatch(sentence[reason.Index..])
            && Candidate(sentence[..reason.Index]) is { } before)
        {
            return before;
        }

        if (ChoiceStatement.Chosen(sentence) is { } option)
        {
            return option;
        }

        if (Counted().Match(sentence) is { Success: true } count)
        {
            return count.Groups[1].Value;
        }

        return Asides.Shortened(sentence).Select(Candidate).FirstOrDefault(value => value is not null);
    }

    private static string? Candidate(string sentence)
    {
        IReadOnlyList<Formula> formulas = WithoutNames(sentence, Formula.All(sentence));
        Match? number = NumberPattern().Matches(sentence).LastOrDefault(
            match => formulas.All(formula => match.Index < formula.Start || match.Index >= formula.End));
        Match? equals = EqualsNumber().Matches(sentence).LastOrDefault(
            match => formulas.All(formula => match.Index < formula.Start || match.Index >= formula.End));
        if (equals is not null && (formulas.Count == 0 || formulas[^1].End <= equals.Index))
        {
            return equals.Groups[1].Value.Trim();
        }

        if (formulas.Count > 0
            && (number is null || number.Index < formulas[^1].Start
                || (formulas[^1].Text.Contains('=', StringComparison.Ordinal) && !Said().IsMatch(sentence[..number.Index]))))
        {
            return Joined(sentence, formulas, formulas.Count - 1, isAll: false);
        }

        return number is not null && Series().Match(sentence) is { Success: true } series && series.Groups[1].Index <= number.Index
            && series.Index + series.Length > number.Index ? series.Groups[1].Value
            : number?.Value.Trim() ?? (NumberWord().Matches(sentence).LastOrDefault() is { } word ? word.Value : null);
    }

    // "417 quadruples $(a, b, c, d)$" states no name; "the sum is $n$" does.
    private static IReadOnlyList<Formula> WithoutNames(string sentence, IReadOnlyList<Formula> formulas)
    {
        int count = formulas.Count;
        while (count > 0 && BareName().IsMatch(formulas[count - 1].Text) && !Said().IsMatch(sentence[..formulas[count - 1].Start]))
        {
            count--;
        }

        return count == 0 && !NumberPattern().IsMatch(sentence) ? formulas : [.. formulas.Take(count)];
    }

    // Formulas with only "and", "or" or a comma between them are one answer; of a statement that was not announced as the answer, without its premises.
    private static string Joined(string text, IReadOnlyList<Formula> formulas, int from, bool isAll)
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
        string[] items = [.. formulas.Skip(first).Take(last - first + 1).SelectMany(formula => Equations(formula.Text)).Select(Display.Readable)];
        return string.Join(", ", items.Skip(isAll ? 0 : Premises(items, Given().IsMatch(text[..formulas[first].Start])))) + unit;
    }

    private static IReadOnlyList<string> Equations(string formula) =>
        TopLevelComma.Split(formula) is { Count: > 1 } parts && parts.All(part => part.Contains('=', StringComparison.Ordinal)) ? parts : [formula];

    // How many of several statements only lead to the others: the condition in "With T = 2, x = 5", 3x = 58 in "3x = 58 or x = 58/3", r in "r = 1/2
    // and p + q = 3".
    private static int Premises(string[] items, bool isGiven)
    {
        string last = items[^1];
        return items.Length == 1 || !last.Contains('=', StringComparison.Ordinal) ? 0
            : !NamedValue().IsMatch(last) ? Array.FindLastIndex(items, item => LeftSide(item) != LeftSide(last)) + 1
            : Array.FindLastIndex(items, item => item.Contains('=', StringComparison.Ordinal) && !NamedValue().IsMatch(item)) is var unnamed and >= 0
                ? unnamed + 1
            : isGiven ? 1 : 0;
    }

    private static string LeftSide(string equation) => equation.Split('=')[0].Trim();

    /// <summary>Is it mathematics without words: "the final answer is correct" states no value.</summary>
    public static bool IsMathematics(string text) => Words(text) == 0 && AnswerParser.TryParse(text) is not null;

    // An equation may name its quantity with a word.
    private static bool IsAnswer(string plain) => plain.Length <= AnswerParser.MostCharacters
        && (SingleWord().IsMatch(plain)
            || (Words(plain) <= (plain.Contains('=', StringComparison.Ordinal) && Formula.All(plain).Count == 0 ? 1 : 0)
                && AnswerParser.TryParse(plain) is not null));

    // Words that are neither part of a formula nor units.
    private static int Words(string plain) => Word().Matches(CommandName().Replace(plain, " ")).Count(word => !Units.IsUnit(word.Value));

    private static string Plain(string text)
    {
        return Hope().Replace(text, "").Replace("**", "", StringComparison.Ordinal).Trim().Trim('"', '`').TrimEnd('.', ' ');
    }

    private static string FirstSentence(string text)
    {
        string rest = (text.Length > MostStatement ? text[..MostStatement] : text).TrimStart(' ', ':', '*', '\n', '\r', '"');
        return SentenceEnd().Match(rest) is { Success: true } end ? rest[..end.Index] : rest;
    }
}
