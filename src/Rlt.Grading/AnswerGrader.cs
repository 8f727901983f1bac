using Rlt.Grading.Equality;
using Rlt.Grading.Extraction;
using Rlt.Grading.Numbers;
using Rlt.Grading.Syntax;

namespace Rlt.Grading;

/// <summary>Decides whether a response's final answer is the expected one.</summary>
/// <remarks>Never throws; depth, size and work are bounded, and what exceeds the bounds is compared as text.</remarks>
public static class AnswerGrader
{
    private const int WorkUnits = 20_000;

    /// <summary>Grades a response.</summary>
    /// <param name="answer">The expected answer: plain, LaTeX, or a text that boxes it.</param>
    /// <param name="response">The whole response.</param>
    /// <param name="options">How alike the answers must be.</param>
    public static Verdict Grade(string answer, string response, GradingOptions options)
    {
        // The reference word for word answers, even where no final answer can be told in it.
        if (!options.StatedOnly && response.Length < 2 * (answer.Length + 20) && PlainForm.Of(response) == PlainForm.Of(answer)
            && answer.AsSpan().Trim().Length > 0)
        {
            return new Verdict(true, Extract(answer) ?? response.Trim());
        }

        string? extracted = FinalAnswer.Of(response, options.StatedOnly);
        if (FinalAnswer.OfParts(response) is { } parts && Same(answer, parts, options))
        {
            return new Verdict(true, parts);
        }

        return new Verdict(Same(answer, extracted, options) || StatesTextOfChoice(answer, response, extracted, options), extracted);
    }

    // "Answer: B. 12" answers for 12 too.
    private static bool StatesTextOfChoice(string answer, string response, string? letter, GradingOptions options) =>
        letter is not null && ChoiceStatement.IsLetter(letter) && !ChoiceStatement.IsLetter(answer.Trim())
            && FinalAnswer.AnnouncedLine(response) is { } line && ChoicePrefix.Of(line)?.Letter == letter && Same(answer, line, options);

    /// <summary>The value that a response plainly announces last, whatever it boxes after it; null where it announces none.</summary>
    public static string? Announced(string response) => FinalAnswer.Announced(response);

    /// <summary>A response's final answer as it was written; null where it states none.</summary>
    /// <param name="response">The whole response.</param>
    /// <param name="statedOnly">Whether it must be boxed or announced, as <see cref="GradingOptions.StatedOnly"/> has it.</param>
    public static string? Extract(string response, bool statedOnly = false) => FinalAnswer.Of(response, statedOnly);

    /// <summary>What the last box of a text holds; null where there is none, or the text ends inside it.</summary>
    public static string? Boxed(string text) => Boxes.Last(text);

    /// <summary>Whether an extracted answer is the expected one.</summary>
    public static bool Same(string answer, string? extracted, GradingOptions options)
    {
        if (extracted is null)
        {
            return false;
        }

        string stated = FinalAnswer.Stated(answer) ?? answer;
        (string expected, string given) = (StatedValue.WithoutClause(stated), StatedValue.WithoutClause(extracted));
        if (!SameNumbers(stated[expected.Length..], extracted[given.Length..]))
        {
            return false;
        }

        return ClockTime.Of(expected) is { } time && ClockTime.Of(given) is { } other ? time.Same(other)
            : SameValue(expected, given, options) || SameChoice(expected, given, options) || SameParts(expected, given, options);
    }

    private static bool SameValue(string expected, string given, GradingOptions options) =>
        PlainForm.Same(expected, given) || SameMathematics(NumberWords.WithDigits(expected), NumberWords.WithDigits(given), options);

    // "(D) 32" is choice D and the value 32; not another choice of that value.
    private static bool SameChoice(string expected, string given, GradingOptions options) => (ChoicePrefix.Of(expected), ChoicePrefix.Of(given)) switch
    {
        ({ } choice, { } other) => choice.Letter == other.Letter && SameValue(choice.Text, other.Text, options),
        ({ } choice, null) => SameValue(choice.Text, given, options) || PlainForm.Same(choice.Letter, given),
        (null, { } other) => SameValue(expected, other.Text, options),
        _ => false,
    };

    // "(a) 3 (b) 4" is 3 and 4, in this order.
    private static bool SameParts(string expected, string given, GradingOptions options) =>
        (PartLabels.Tuple(expected), PartLabels.Tuple(given)) is var (parts, others) && (parts ?? others) is not null && SameValue(parts ?? expected, others ?? given, options);

    // "where n > 2" may be left out or worded otherwise; its numbers may not be others.
    private static bool SameNumbers(string clause, string other) =>
        clause.Length == 0 || other.Length == 0 || clause.Where(char.IsAsciiDigit).SequenceEqual(other.Where(char.IsAsciiDigit));

    private static bool SameMathematics(string expected, string extracted, GradingOptions options)
    {
        if (AnswerParser.TryParse(expected, readsSeries: true) is { } left && AnswerParser.TryParse(extracted, readsSeries: true) is { } right
            && Same(left, right, options))
        {
            return true;
        }

        // "100,200" is one number or two.
        return (expected.Length <= AnswerParser.MostCharacters && NumberText.IsAmbiguous(expected)
            && AnswerParser.TryParse(expected, commasSeparate: true) is { } list && AnswerParser.TryParse(extracted, commasSeparate: true) is { } other
                && Same(list, other, options))
            || SameDecimal(expected, extracted, options);
    }

    // "2,74" is a decimal where the other answer is one.
    private static bool SameDecimal(string expected, string extracted, GradingOptions options) =>
        (NumberText.WithPoint(expected, isLone: false), NumberText.WithPoint(extracted, isLone: true)) switch
    {
        ({ } number, null) => AnswerParser.TryParse(number) is { } left && AnswerParser.TryParse(extracted) is { } right && Same(left, right, options),
        (null, { } number) => AnswerParser.TryParse(expected) is { } left && AnswerParser.TryParse(number) is { } right && Same(left, right, options),
        _ => false,
    };

    private static bool Same(Expr expected, Expr extracted, GradingOptions options)
    {
        try
        {
            return new AnswerEquality(options, new WorkBudget(WorkUnits)).Same(expected, extracted);
        }
        catch (UngradableException)
        {
            return false;
        }
    }
}

/// <summary>A response, graded.</summary>
/// <param name="Correct">Whether its final answer is the expected one.</param>
/// <param name="Extracted">Its final answer as it was written; null where it states none.</param>
public readonly record struct Verdict(bool Correct, string? Extracted);
