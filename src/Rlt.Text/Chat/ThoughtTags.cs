using System.Text.RegularExpressions;

namespace Rlt.Text.Chat;

/// <summary>The tags between which models think before they answer, in any case: which of them a model uses, its chat template says.</summary>
/// <remarks>
/// Known: <c>&lt;think&gt;</c> (with a namespace such as <c>seed:</c>, bars or attributes) and its spellings thinking, thought, reasoning;
/// <c>[THINK]</c>, <c>◁think▷</c>, <c>&lt;|begin_of_thought|&gt;</c>, <c>&lt;|START_THINKING|&gt;</c>, <c>&lt;|inner_prefix|&gt;</c>,
/// the channels before harmony's final one, and Gemma's thought channel.
/// </remarks>
public static partial class ThoughtTags
{
    /// <summary>How a thought is opened where it is known only that one is.</summary>
    public const string UsualOpening = "<think>\n";

    /// <summary>What follows the thought: all of a text that has none, nothing of one that ends inside it.</summary>
    public static string Answering(string text)
    {
        int close = Closing().Matches(text) is { Count: > 0 } closes ? closes[^1].Index + closes[^1].Length : 0;
        return Opening().IsMatch(text, close) ? "" : text[close..];
    }

    /// <summary>Whether a text closes a thought that it does not open: what came before it opened the thought.</summary>
    public static bool ClosesOnly(string text) => Closing().Match(text) is { Success: true } close && !Opening().IsMatch(text[..close.Index]);

    /// <summary>Whether a text has no tag of a thought.</summary>
    public static bool IsBare(string text) => !Closing().IsMatch(text) && !Opening().IsMatch(text);

    /// <summary>The last thought of a text; empty where there is none. One that is not closed goes to the end.</summary>
    public static string Thought(string text)
    {
        Match? close = Closing().Matches(text).LastOrDefault();
        string before = close is null ? text : text[..close.Index];
        Match? open = Opening().Matches(before).LastOrDefault();
        return open is not null ? before[(open.Index + open.Length)..] : close is null ? "" : before;
    }

    /// <summary>What a prompt has from the tag on that opens a thought and leaves it open; empty where it does not.</summary>
    /// <param name="prompt">The part of a prompt that begins the assistant's turn.</param>
    public static string LeftOpen(string prompt)
    {
        int close = Closing().Matches(prompt) is { Count: > 0 } closes ? closes[^1].Index + closes[^1].Length : 0;
        return Opening().Match(prompt, close) is { Success: true } open ? prompt[open.Index..] : "";
    }

    /// <summary>The same of a whole prompt, of which it is not known where the assistant's turn begins: the tag must be its end.</summary>
    public static string LeftOpenAtEnd(string prompt)
    {
        Match? last = Opening().Matches(prompt).LastOrDefault();
        return last is not null && string.IsNullOrWhiteSpace(prompt[(last.Index + last.Length)..]) ? prompt[last.Index..] : "";
    }

    // "analysis" and "assistantfinal" are what is left of harmony's channels where special tokens are not shown.
    [GeneratedRegex(
        @"<\|?\s*(?:[\w.-]+:)?(?:think|thinking|thoughts?|reasoning)(?:\s+[\w-]+=[^<>]*)?(?<!/)\|?>|\[THINK\]|◁think▷"
        + @"|<\|(?:begin_of|start_of|start)_(?:thought|thinking)\|>|<\|inner_prefix\|>"
        + @"|<\|channel\|>(?:analysis|commentary)\b(?:(?!<\|).)*<\|message\|>|^\s*(?-i:analysis(?=[A-Z][a-z' ]))|<\|channel>thought\b|<unused94>thought\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Opening();

    [GeneratedRegex(
        @"<\|?\s*/\s*(?:[\w.-]+:)?(?:think|thinking|thoughts?|reasoning)\s*\|?>|\[/THINK\]|◁/think▷"
        + @"|<\|(?:end_of|end)_(?:thought|thinking)\|>|<\|inner_suffix\|>"
        + @"|<\|channel\|>final\b(?:(?!<\|).)*<\|message\|>|(?-i:assistantfinal)|<channel\|>|<unused95>",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Closing();
}
