using System.Text.RegularExpressions;

namespace Rlt.Grading.Extraction;

/// <summary>Letters that state a choice: "option C", "(B)", "**D**: 5 kg", "B. Mitochondria".</summary>
internal static partial class ChoiceStatement
{
    /// <summary>
    /// The letter that a text begins with as the choice it states; null where it begins with none, or with two. The article of "A proton" is none.
    /// </summary>
    public static string? Letter(string text) => Leading().Match(text) is { Success: true } match ? Value(match) : null;

    /// <summary>The letter of the choice that a sentence says is right or taken; null where it says so of none.</summary>
    public static string? Chosen(string sentence) => Choosing().Matches(sentence).LastOrDefault() is { } match ? Value(match) : null;

    /// <summary>The letter of a choice that stands alone with its text on the last line; null where it is one of several listed.</summary>
    public static string? LastLine(string text)
    {
        string[] lines = [.. text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0).TakeLast(2)];
        return lines.Length > 0 && Listed().Match(lines[^1]) is { Success: true } choice && (lines.Length == 1 || !Listed().IsMatch(lines[0]))
            ? Value(choice) : null;
    }

    /// <summary>Is the text one letter, in brackets or without.</summary>
    public static bool IsLetter(string text) => Alone().IsMatch(text);

    private static string Value(Match match) => match.Groups["letter"].Value;

    private const string Open = @"(?:[\s*_$""'`{]|\\(?:text|textbf|mathrm|mathbf|mbox|boxed)\s*\{|\\[(\[])*";

    private const string Close = @"(?>(?:[}*_""'`$]|\\[)\]])*)";

    private const string NoOther = @"(?!\s*(?:,|and\b|or\b|&|/)?\s*(?:and\b|or\b)?\s*[*(\[$]*[A-J](?![A-Za-z]))(?!\s*(?:and|or|&)\s)";

    // In brackets; with a mark after it; in bold; or before the sentence's end, a comma, a dash or a reason.
    [GeneratedRegex(@"^(?:" + Open + @"(?:the\s+)?(?:(?i:option|choice|letter|statement|answer)\b\s*))?" + Open
        + @"(?:[(\[（]\s*(?<letter>[A-J])\s*[)\]）]" + Close + @"(?=[\s.,:;。，；]|\\|$)"
        + @"|(?<=\b(?i:option|choice)\s+[*(\[]*)(?<letter>[a-j])[)\]]*(?=\s*[.,:;]|\s*$)"
        + @"|(?<=\*\*)(?<letter>[A-J])\s*\*\*(?=[\s.,:;)]|$)"
        + @"|(?<letter>[A-J])" + Close
            + @"(?:[).:](?=[\s*$}\\]|$)|(?=\s*[.。]?\s*$)|(?=\s*(?:[,;]\s|[，；。]))|(?=\s+[-–—]{1,2}\s+\p{L}{2})|(?=\s+(?:because|since|as)\s)))" + Close
                + @"(?!\s*(?:[+*/^=<>]|-\s*\d|\\(?:cdot|times|le|ge|approx)))" + NoOther, RegexOptions.CultureInvariant)]
    private static partial Regex Leading();

    [GeneratedRegex(@"(?:\b(?:(?i:option|choice|answer|statement)\s+)[*(\[]*(?<letter>[A-Ja-j])[)\]*]*|(?<![A-Za-z])(?:\(|\*\*\(?)(?<letter>[A-J])[)*]+|(?:^|\b(?:so|thus|hence|therefore),?\s+)(?<letter>[A-HJ]))"
        + @"\s+(?:is|must\s+be|has\s+to\s+be)\s+(?:therefore\s+|thus\s+)?(?:the\s+)?(?:only\s+)?(?:correct|right|best|true)\b"
        + @"|\b(?:I|we|my)\b[^.!?\n]{0,20}?\b(?i:choose|pick|select|answer|go\s+with|choice\s+is|pick\s+is)\s+(?:the\s+)?(?:(?i:option|choice|answer|letter)\s+)?[*(\[]*(?<letter>[A-J])[)\]*]*(?=\s*[.,;:!]|\s*$|\s+(?:because|since|as)\b)" + NoOther
        + @"|\b(?:so|thus|hence|therefore),?\s+(?:it\s+(?:is|must\s+be)\s+)?(?:the\s+)?(?:answer\s+is\s+)?(?:(?i:option|choice)\s+[*(\[]*|[*(\[]+)(?<letter>[A-J])[)\]*]*(?=\s*\.?\s*$)"
        + @"|^(?:so|thus|hence|therefore),?\s+(?-i:(?<letter>[A-HJ]))\s*[.!]?\s*$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Choosing();

    [GeneratedRegex(@"^[*_#>\s]*(?:\((?<letter>[A-J])\)|(?<letter>[A-J])[).:])[*_]*\s+\S")]
    private static partial Regex Listed();

    [GeneratedRegex(@"^[\s$*({\[]*(?:\\(?:text|textbf|mathrm|mathbf|mbox)\s*\{[\s(]*)?[A-J][\s$*)}\].]*$")]
    private static partial Regex Alone();
}
