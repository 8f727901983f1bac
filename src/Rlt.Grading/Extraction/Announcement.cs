using System.Text.RegularExpressions;

namespace Rlt.Grading.Extraction;

/// <summary>Words that announce an answer: "the answer is", "**Answer**:", "Ans.", "the correct option is".</summary>
internal static partial class Announcement
{
    private const int MostTail = 6000;

    /// <summary>The place after the last announcement that is meant, or else after the last; −1 where there is none.</summary>
    public static int Last(string text)
    {
        IEnumerable<Match> all = Phrases(text, 0);
        Match? last = all.LastOrDefault(match => IsMeant(text, match)) ?? all.LastOrDefault();
        return last is null ? -1 : last.Index + last.Length;
    }

    /// <summary>
    /// The value that is announced after a place, plainly: mathematics or a choice's letter right after the words, nothing supposed, denied or said
    /// of a part.
    /// </summary>
    public static string? Plain(string text, int from)
    {
        var stated = Phrases(text, from).Where(match => IsMeant(text, match)).Select(
            match => (match.Index, Value: StatedValue.Direct(text[(match.Index + match.Length)..])));
        var chosen = Sentences(text, from).Where(sentence => !Supposed().IsMatch(sentence.Text)).Select(
            sentence => (sentence.Index, Value: ChoiceStatement.Chosen(sentence.Text)));
        return stated.Concat(chosen).Where(found => found.Value is not null).OrderBy(found => found.Index).Select(found => found.Value).LastOrDefault();
    }

    private static MatchCollection Phrases(string text, int from) => Phrase().Matches(text, Math.Max(from, text.Length - MostTail));

    private static IEnumerable<(int Index, string Text)> Sentences(string text, int from)
    {
        int start = Math.Max(from, text.Length - MostTail);
        foreach (Match end in End().Matches(text, start))
        {
            yield return (start, text[start..end.Index]);
            start = end.Index + end.Length;
        }

        yield return (start, text[start..]);
    }

    // The sentence up to the words supposes nothing, and what follows does not take it back.
    private static bool IsMeant(string text, Match phrase)
    {
        int start = text.LastIndexOfAny(['.', '!', '?', '\n', ';'], Math.Max(0, phrase.Index - 1)) + 1;
        string before = text[Math.Min(start, phrase.Index)..phrase.Index];
        return !Supposed().IsMatch(before) && !Denied().IsMatch(phrase.Value) && !TakenBack().IsMatch(text[(phrase.Index + phrase.Length)..]);
    }

    private const string Emphasis = @"(?:\*\*|__|\*|_)?";

    [GeneratedRegex(@"(?:(?<![A-Za-z])(?:answer|ans)" + Emphasis + @"(?:\s+(?:choice|option|letter))?(?:\s+(?:is|must\s+be|would\s+be|will\s+be|equals|=))"
        + @"|(?<![A-Za-z])(?:answer|ans)" + Emphasis + @"(?:\s+(?:choice|option|letter))?(?:\s*\([^()\n]{1,40}\))?" + Emphasis + @"\s*[:=：]|\bans\.(?=\s)"
        + @"|(?:^|\n)[ \t#*_]*(?:answer|ans)[ \t*_]*(?:\n|[-–—→]+[ \t]|=>)"
        + @"|答案(?:是|为|：|:)|选择?[项:：]?\s*(?=[（(]?[A-J](?![A-Za-z]))"
        + @"|\b(?:correct|right|best)\s+(?:option|choice|statement|letter|one)" + Emphasis + @"(?:\s+is\b|\s*:)|(?:^|\n)[ \t#*_]*(?:option|choice)"
            + Emphasis + @"\s*:)(?>[\s:*_：]*)(?=\S)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Phrase();

    [GeneratedRegex(@"(?<=[.!?])\s+|\n+")]
    private static partial Regex End();

    [GeneratedRegex(@"\b(?:if|were|(?<!\b(?:I|we) )would|had|suppose|supposing|assume|assuming|might|may|maybe|perhaps|could|unless|whether|some|someone|others?|people|many|students?|thinks?|thought|says?|said|claims?|guess|"
        + @"wrong|incorrect|mistaken|false|not|never|no|neither|common|tempting|previous|earlier|initial|first|second|third|fourth|for|when|with|check|verify|example|part|case|otherwise|unlike|trap)\b|n't\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Supposed();

    [GeneratedRegex(@"\bwould\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Denied();

    [GeneratedRegex(@"^(?:not\b|[^.!?\n]{0,60}(?:\?(?:\s|$)|\b(?:is|was|would be)\s+(?:wrong|incorrect|not)\b))",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex TakenBack();
}
