using System.Text.RegularExpressions;

namespace Rlt.Grading.Extraction;

/// <summary>Answers between tags: <c>&lt;answer&gt;5&lt;/answer&gt;</c>, as reinforcement learning's prompts often ask for.</summary>
/// <param name="Content">What the tags hold.</param>
/// <param name="End">The place after the closing tag.</param>
/// <param name="IsClosed">Whether there is a closing tag; where generation stops at it, there is none.</param>
internal sealed partial record AnswerTag(string Content, int End, bool IsClosed)
{
    /// <summary>The last pair of tags that holds anything; an open one counts where nothing closes it.</summary>
    public static AnswerTag? Last(string text)
    {
        AnswerTag? last = null;
        foreach (Match open in Opening().Matches(text))
        {
            int start = open.Index + open.Length;
            Match close = Closing().Match(text, start);
            string content = close.Success ? text[start..close.Index] : text[start..];
            if (content.Any(char.IsLetterOrDigit))
            {
                last = new AnswerTag(content.Trim(), close.Success ? close.Index + close.Length : text.Length, close.Success);
            }
        }

        return last;
    }

    [GeneratedRegex(@"<(?:final[_-]?)?answer>", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Opening();

    [GeneratedRegex(@"</(?:final[_-]?)?answer>", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Closing();
}
