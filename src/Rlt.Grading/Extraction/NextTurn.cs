using System.Text.RegularExpressions;

namespace Rlt.Grading.Extraction;

/// <summary>Where a response goes on with a turn that is not its own: another question after the answer.</summary>
/// <remarks>A question that is only restated, before anything is answered, ends nothing.</remarks>
internal static partial class NextTurn
{
    private const int MostMarks = 50;

    private static readonly string[] Ends =
    [
        "<|im_end|>", "<|im_start|>", "<|endoftext|>", "<|eot_id|>", "<|end_of_text|>", "<｜end▁of▁sentence｜>", "</s>", "<|user|>", "<|start_header_id|>",
            "<start_of_turn>", "<end_of_turn>",
        "<｜User｜>", "[INST]", "<|eom_id|>", "<|return|>", "<|endofprompt|>",
    ];

    /// <summary>The response's own turn.</summary>
    public static string CutOff(string response)
    {
        string text = response;
        foreach (string mark in Ends)
        {
            int end = text.AsSpan().TrimStart().IndexOf(mark, StringComparison.Ordinal);
            text = end > 0 ? text[..(text.Length - text.AsSpan().TrimStart().Length + end)] : text;
        }

        int start = 0;
        foreach (Match mark in Question().Matches(text).Take(MostMarks))
        {
            if (mark.Index >= start && IsAnswered(text[start..mark.Index], mark.Groups["weak"].Success))
            {
                return text[..mark.Index];
            }

            start = AfterQuestion(text, mark.Index + mark.Length);
        }

        return text;
    }

    // What was asked is no answer to it: an answer begins after "Solution:" or on the next line.
    private static int AfterQuestion(string text, int from)
    {
        int next = Question().Match(text, from) is { Success: true } other ? other.Index : text.Length;
        int line = text.IndexOf('\n', from);
        return Reply().Match(text, from) is { Success: true } reply && reply.Index < next ? reply.Index : line < 0 ? text.Length : line;
    }

    // Examples and tasks may be part of a solution; they end it only where it has stated its answer.
    private static bool IsAnswered(string text, bool isWeak) => FinalAnswer.IsStated(text)
        || (!isWeak && !Opening().IsMatch(text) && StatedValue.Last(text) is { } value && value.Any(char.IsAsciiDigit));

    [GeneratedRegex(@"(?:^|\n)[ \t>]{0,8}(?:[*#_]{1,6}[ \t]*)?(?:(?:Next[ \t]+)?(?:Question|Problem|User|Human|问题|题目)[ \t]?\d{0,4}[*_]{0,2}[ \t]?[:：]|Q[ \t]?\d{0,4}[*_]{0,2}[ \t]?[:：.](?=\s)"
        + @"|(?<weak>(?:New|Next|Another)[ \t]+(?:question|problem|task|example)\b|(?:Example|Exercise|Task|Instruction|Input|Prompt|例题?|练习)[ \t]?\d{0,4}[*_]{0,2}[ \t]?[:：]))", RegexOptions.CultureInvariant)]
    private static partial Regex Question();

    [GeneratedRegex(@"\n[ \t>]{0,8}(?:[*#_]{1,6}[ \t]*)?(?:Answer|Solution|A|Assistant|Response|Explanation|Output|解答?|答案?)[ \t]?\d{0,4}[*_]{0,2}[ \t]?[:：.]", RegexOptions.CultureInvariant)]
    private static partial Regex Reply();

    // "Let me restate problem 3."
    [GeneratedRegex(@"\b(?:restat\w*|repeat\w*|rephras\w*|begin|start|let me|let's|I will|I'll|I need|here is|following|dialogue|understand\w*|we are (?:asked|given)|given)\b|:\s*$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Opening();
}
