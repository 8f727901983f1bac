using System.Text.RegularExpressions;
using Rlt.Text.Chat;

namespace Rlt.Grading.Extraction;

/// <summary>Finds the final answer of a response.</summary>
/// <remarks>
/// In this order: answer tags, a box, or "final answer is …", whichever comes last; "the answer is …", after a box too where a value or a choice is plainly
/// announced; a number set in bold after it; the whole response where it is nothing but an answer; the value of the last statement, remarks and conditions
/// left aside: after its last equals sign, else its last formula or number.
/// </remarks>
internal static partial class FinalAnswer
{
    private const int MostTail = 6000;
    private const int MostInTags = 200;

    /// <summary>The final answer as it was written; null where none is stated.</summary>
    /// <param name="response">The whole response.</param>
    /// <param name="statedOnly">Whether it must be boxed or announced.</param>
    public static string? Of(string response, bool statedOnly)
    {
        string text = ResponseText.Answering(response).TrimEnd();
        int box = Boxes.LastStart(text);
        if (AnswerTag.Last(text) is { } tag && tag.End > box && (tag.IsClosed || !statedOnly))
        {
            return Of(tag.Content, statedOnly: false) ?? (tag.Content.Length <= MostInTags ? tag.Content : null);
        }

        int final = LastPhrase(text, FinalPhrase(), box, out int after);
        if (final >= 0 && StatedValue.Value(text[after..]) is { } stated && (box < 0 || StatedValue.IsMathematics(stated)))
        {
            return stated;
        }

        if (box >= 0)
        {
            return Boxes.Last(text)?.Trim() is { } boxed ? Later(text, boxed) ?? boxed : null;
        }

        after = Announcement.Last(text);
        string? answer = after >= 0 ? StatedValue.Value(Display.OnOneLine(text[after..])) : null;
        if (statedOnly)
        {
            return answer;
        }

        if (answer is not null && ChoiceStatement.IsLetter(answer))
        {
            return answer;
        }

        string tail = Display.OnOneLine(answer is null ? Tail(text) : text[after..]);
        if (Emphasis.Last(answer is null ? tail : StatedValue.WithoutFirst(tail)) is { } emphasised)
        {
            return emphasised;
        }

        if (answer is not null)
        {
            return Description().IsMatch(text[after..]) && StatedValue.Last(Asides.WithoutRemark(StatedValue.WithoutFirst(tail))) is { } computed
                ? computed : answer;
        }

        text = Asides.WithoutRemark(tail);
        text = Blank().Replace(text, blank => blank.Value.Contains("\n\n", StringComparison.Ordinal) ? "\n\n" : blank.Value[^1..]);
        return StatedValue.Whole(text) ?? ChoiceStatement.LastLine(text) ?? StatedValue.Last(text)
            ?? (BoldWord().Match(text) is { Success: true } word ? word.Groups[1].Value : null);
    }

    /// <summary>What a response boxes for each of the parts that it labels; null where it does not.</summary>
    public static string? OfParts(string response) => PartLabels.Boxed(ResponseText.Answering(response));

    /// <summary>Is an answer stated: in a box, between tags, after "####", or plainly announced.</summary>
    public static bool IsStated(string text) => Boxes.Last(text) is not null || AnswerTag.Last(text) is { IsClosed: true } || Marked().IsMatch(text)
        || LastPhrase(text, FinalPhrase(), -1, out int after) >= 0 && StatedValue.Direct(text[after..]) is not null || Announcement.Plain(text, 0) is not null;

    /// <summary>The value that is plainly announced last; null where none is.</summary>
    public static string? Announced(string response) => Announcement.Plain(ResponseText.Answering(response), 0);

    /// <summary>The line of the last announcement, after its words; the last line where nothing is announced.</summary>
    public static string AnnouncedLine(string response)
    {
        string text = ResponseText.Answering(response).Trim();
        int after = Announcement.Last(text);
        string rest = after >= 0 ? text[after..] : text[(text.LastIndexOf('\n') + 1)..];
        return rest.Split('\n')[0].Trim(' ', '*', '_', '.');
    }

    // What is plainly announced after the box, where it is another answer: a box around a step holds no choice, and a choice's text is no other answer.
    private static string? Later(string text, string boxed) => Announcement.Plain(text, Boxes.LastEnd(text)) is { } later
        && (ChoiceStatement.IsLetter(later) || !ChoiceStatement.IsLetter(boxed)) && !AnswerGrader.Same(boxed, later, GradingOptions.Default) ? later : null;

    /// <summary>The answer that a reference text states in a box or by a phrase; null where it does neither.</summary>
    public static string? Stated(string text)
    {
        int box = Boxes.LastStart(text);
        if (LastPhrase(text, FinalPhrase(), box, out int after) >= 0 && StatedValue.Value(text[after..]) is { } stated
            && (box < 0 || StatedValue.IsMathematics(stated)))
        {
            return stated;
        }

        return box >= 0 ? Boxes.Last(text)?.Trim() ?? Boxes.Last(text + "}")?.Trim()
            : Marked().Match(text) is { Success: true } mark ? text[(mark.Index + mark.Length - 1)..].Trim() : null;
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

    [GeneratedRegex(@"final\s+answer(?:\s+is\b|(?=\s*[:=*_])|(?=[ \t]*\n)|(?=\s+[^\sA-Za-z]))(?>[\s:*=_]*)(?:(?:(?:the\s+)?final\s+answer\s+is|the\s+answer\s+is)(?>[\s:*]*))?(?=\S)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex FinalPhrase();

    // "The day is **Friday**."
    [GeneratedRegex(@"(?:\b(?:is|are)|:)\s+\*\*([\p{L}\d][^*\n]{0,40})\*\*[\s.!]*$")]
    private static partial Regex BoldWord();

    [GeneratedRegex(@"(?:^|\n)####[ \t]*\S")]
    private static partial Regex Marked();
}

/// <summary>The part of a response that may state the answer: after the thought, before another turn.</summary>
internal static class ResponseText
{
    /// <summary>What follows the thought; nothing where the response ended inside it.</summary>
    public static string Answering(string response) => NextTurn.CutOff(ThoughtTags.Answering(response));
}
