using System.Text.RegularExpressions;

namespace Rlt.Grading.Extraction;

/// <summary>Answers in <c>\boxed{…}</c> or <c>\fbox{…}</c>.</summary>
internal static partial class Boxes
{
    private const int MostJoined = 20;
    private const int MostBetween = 80;
    private const int MostShort = 40;

    /// <summary>The place of the last box; −1 where there is none.</summary>
    public static int LastStart(string text) => LastStart(text, text.Length);

    /// <summary>The place after what the last box holds; the text's end where it is not closed, −1 where there is none.</summary>
    public static int LastEnd(string text) => LastStart(text) is var start and >= 0 ? Content(text, start)?.End.Value ?? text.Length : -1;

    /// <summary>What the last box holds, with the boxes that only "and", "or" or a comma parts from it.</summary>
    /// <returns>Null where there is no box, or the text ends inside the last one: what was to follow is not known.</returns>
    public static string? Last(string text)
    {
        int start = LastStart(text);
        if (start < 0 || Content(text, start) is not { } last)
        {
            return null;
        }

        var joined = new List<string> { text[last] };
        while (joined.Count < MostJoined && start > 0 && LastStart(text, start) is var earlier and >= 0 && Content(text, earlier) is { } box
            && IsJoint(text, box.End.Value, start))
        {
            joined.Insert(0, text[box]);
            start = earlier;
        }

        return string.Join(", ", joined);
    }

    private static int LastStart(string text, int before)
    {
        for (int at = before; at > 0 && text.LastIndexOf("box", at - 1, StringComparison.Ordinal) is var found and >= 0; at = found)
        {
            int start = found >= 1 && text[found - 1] == 'f' ? found - 1 : found;
            string name = start < found ? "fbox" : "boxed";
            if (start > 0 && text[start - 1] == '\\' && string.CompareOrdinal(text, start, name, 0, name.Length) == 0 && found + 3 <= before
                && Argument(text, start + name.Length) is not null)
            {
                return start - 1;
            }
        }

        return -1;
    }

    private static int? Argument(string text, int at)
    {
        int start = at;
        while (at < text.Length && text[at] == ' ')
        {
            at++;
        }

        return at >= text.Length ? at : text[at] == '{' || (at > start && !char.IsLetter(text[at])) ? at : null;
    }

    private static Range? Content(string text, int start)
    {
        int open = Argument(text, start + (text[start + 1] == 'f' ? "\\fbox" : "\\boxed").Length) ?? text.Length;
        if (open >= text.Length)
        {
            return null;
        }

        if (text[open] != '{')
        {
            return Bare().Match(text, open) is { Success: true } bare ? new Range(open, open + bare.Length) : null;
        }

        int depth = 0;
        for (int at = open; at < text.Length; at++)
        {
            depth += text[at] == '{' ? 1 : text[at] == '}' ? -1 : 0;
            if (depth == 0)
            {
                return new Range(open + 1, at);
            }

            at += text[at] == '\\' ? 1 : 0;
        }

        return Unbalanced().Match(text, open + 1) is { Success: true } cut && cut.Length <= MostShort ? new Range(open + 1, open + 1 + cut.Length) : null;
    }

    private static bool IsJoint(string text, int end, int start) => start - end - 1 <= MostBetween && start > end && Joint().IsMatch(text[(end + 1)..start]);

    [GeneratedRegex(@"\G[^\s$]+")]
    private static partial Regex Bare();

    // A brace was forgotten, the formula closed all the same.
    [GeneratedRegex(@"\G[^$\n]+?(?=\$|\\\)|\\\])")]
    private static partial Regex Unbalanced();

    // "\boxed{1} and \boxed{2}", "x = \boxed{1}, y = \boxed{2}", "(a) \boxed{1} (b) \boxed{2}".
    [GeneratedRegex(@"^(?:(?<=\s|;|,)\**\(?(?:[b-h]|[ivx]{2,4})\)[:*]*(?=\s)|\s|[$,;&.]|\\[()\[\],;! ]|\\q?quad|\\(?:text|mathrm|textrm|mbox)\s*\{\s*(?:and|or|,)?\s*\}|and|or|\b[a-zA-Z](?:_\{?\w\}?)?\s*=(?=[\s$]*$))*$")]
    private static partial Regex Joint();
}
