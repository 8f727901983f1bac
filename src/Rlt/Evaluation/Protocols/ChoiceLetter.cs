using System.Text.RegularExpressions;
using Rlt.Grading;

namespace Rlt.Evaluation.Protocols;

/// <summary>The choice that a response states as its final answer.</summary>
public static partial class ChoiceLetter
{
    private const int MostCharacters = 400;

    /// <summary>The letter of the final answer: one that stands first in it, or the letter of the choice whose text it is.</summary>
    /// <param name="response">The whole response.</param>
    /// <param name="choices">The choices in the order of their letters; may be empty.</param>
    /// <param name="truncated">Whether the response was cut off; it must then box or announce the answer.</param>
    /// <returns>A to D; null where the response states none, or two of them.</returns>
    public static string? Stated(string response, IReadOnlyList<string> choices, bool truncated)
    {
        return AnswerGrader.Extract(response, statedOnly: truncated) is not { } answer ? null
            : (answer.Length <= MostCharacters ? OfAnswer(answer, choices) : null)
            ?? (!Letter().IsMatch(answer) && AnswerGrader.Announced(response) is { } announced ? OfAnswer(announced, []) : null);
    }

    // A box around a formula may follow the letter that was announced.
    private static string? OfAnswer(string answer, IReadOnlyList<string> choices)
    {
        string plain = Markup().Replace(answer, "");
        if (First().Match(plain) is { Success: true } letter)
        {
            return letter.Groups["letter"].Value.ToUpperInvariant();
        }

        int[] alike = [.. Enumerable.Range(0, choices.Count).Where(i => AnswerGrader.Same(choices[i], answer, GradingOptions.Default))];
        return alike is [int only] ? "ABCD"[only].ToString() : null;
    }

    [GeneratedRegex(@"\\(?:text|textbf|mathrm|mathbf|mbox|boxed)\b|[\s${}*_]+(?=[A-D(\[])|^[\s${}*_]+|[\s${}*_]+$")]
    private static partial Regex Markup();

    [GeneratedRegex(@"(?<![A-Za-z\\])[A-D](?![A-Za-z])")]
    private static partial Regex Letter();

    // "B", "b", "(B)", "[B]", "option B", "B) text", "B. text", "B: text", "B - text"; not "A and B", and not the article of "A proton".
    [GeneratedRegex(@"^(?:(?i:option|choice)\s*)?(?:(?<letter>[A-Da-d])[.}]?$|[(\[]\s*(?<letter>[A-Da-d])\s*[)\]](?=[.}\s]|$)|[(\[]?(?<letter>[A-D])(?:[)\]]|[.:](?=\s|$)|\s+[-–—]{1,2}(?=\s)))(?!\s*(?:,|and\b|or\b)?\s*[(\[]?[A-D](?![A-Za-z]))", RegexOptions.CultureInvariant)]
    private static partial Regex First();
}
