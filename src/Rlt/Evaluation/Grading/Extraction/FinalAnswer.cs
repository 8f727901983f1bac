using System.Text.RegularExpressions;

namespace Rlt.Evaluation.Grading.Extraction;

/// <summary>Finds the final answer of a response.</summary>
/// <remarks>
/// In this order: a box, or "final answer is …", whichever comes last; "the answer is …", or a number set in bold after it; the whole response where it
/// is nothing but an answer; the value of the last statement, remarks and conditions left aside: after its last equals sign, else its last formula or number.
/// </remarks>
internal static partial class FinalAnswer
{
    private const int MostTail = 6000;

    /// <summary>The final answer as it was written; null where none is stated.</summary>
    /// <param name="response">The whole response.</param>
    /// <param name="statedOnly">Whether it must be boxed or announced.</param>
    public static string? Of(string response, bool statedOnly)
    {
        string text = ResponseText.Answering(response).TrimEnd();
        int box = Boxes.LastStart(text);
        int final = LastPhrase(text, FinalPhrase(), box, out int after);
        if (final >= 0 && Statement.Value(text[after..]) is { } stated && (box < 0 || Statement.IsMathematics(stated)))
        {
            return stated;
        }

        if (box >= 0)
        {
            return Boxes.Last(text)?.Trim();
        }

        string? answer = LastPhrase(text, Phrase(), -1, out after) >= 0 ? Statement.Value(Display.OnOneLine(text[after..])) : null;
        if (statedOnly)
        {
            return answer;
        }

        string tail = Display.OnOneLine(answer is null ? Tail(text) : text[after..]);
        if (Emphasis.Last(answer is null ? tail : Statement.WithoutFirst(tail)) is { } emphasised)
        {
            return emphasised;
        }

        if (answer is not null)
        {
            return Description().IsMatch(text[after..]) && Statement.Last(Asides.WithoutRemark(Statement.WithoutFirst(tail))) is { } computed ? computed : answer;
        }

        text = Asides.WithoutRemark(tail);
        text = Blank().Replace(text, blank => blank.Value.Contains("\n\n", StringComparison.Ordinal) ? "\n\n" : blank.Value[^1..]);
        return Statement.Whole(text) ?? Statement.Last(text);
    }

    /// <summary>The answer that a reference text states in a box or by a phrase; null where it does neither.</summary>
    public static string? Stated(string text)
    {
        int box = Boxes.LastStart(text);
        if (LastPhrase(text, FinalPhrase(), box, out int after) >= 0 && Statement.Value(text[after..]) is { } stated && (box < 0 || Statement.IsMathematics(stated)))
        {
            return stated;
        }

        return box >= 0 ? Boxes.Last(text)?.Trim() ?? Boxes.Last(text + "}")?.Trim() : null;
    }

    // The end of a long text, from the beginning of a line: a formula is not cut.
    private static string Tail(string text)
    {
        int start = Math.Max(0, text.Length - MostTail);
        return text[(start == 0 ? 0 : Math.Max(start, text.IndexOf('\n', start) + 1))..];
    }

    // The last match after a place, searched from the end of a long text only.
    private static int LastPhrase(string text, Regex phrase, int from, out int after)
    {
        int start = Math.Max(from + 1, text.Length - MostTail);
        Match? last = phrase.Matches(text[start..]).LastOrDefault();
        after = last is null ? -1 : start + last.Index + last.Length;
        return last is null ? -1 : start + last.Index;
    }

    [GeneratedRegex(@"[ \t\r\n]{3,}")]
    private static partial Regex Blank();

    // "The answer is the remainder when $2^9$ is divided by 7." says what to compute.
    [GeneratedRegex(@"^(?:(?:therefore|thus|then)\s+)?the\s+(?:\p{L}+\s+){1,4}(?:when|of)\b(?!(?:(?![.!?]\s)[\s\S])*(?:\b(?:is|are|equals|namely)|[:=])\s*[$\d\\-])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Description();

    [GeneratedRegex(@"final\s+answer(?:\s+is\b|(?=\s*[:=*])|(?=[ \t]*\n)|(?=\s+[^\sA-Za-z]))(?>[\s:*=]*)(?:(?:(?:the\s+)?final\s+answer\s+is|the\s+answer\s+is)(?>[\s:*]*))?(?=\S)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex FinalPhrase();

    [GeneratedRegex(@"(?:\banswer(?:\s+(?:is|must\s+be|would\s+be|will\s+be|equals|=))|\banswer\s*[:=]|答案(?:是|为|：|:)|\b(?:correct|right|best)\s+(?:option|choice)(?:\s+is\b|\s*:))(?>[\s:*]*)(?=\S)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Phrase();
}
