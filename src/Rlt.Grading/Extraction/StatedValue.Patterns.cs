using System.Text.RegularExpressions;

namespace Rlt.Grading.Extraction;

/// <summary>The wordings by which statements, reasons and numbers are told.</summary>
internal static partial class StatedValue
{
    [GeneratedRegex(@"I hope (?:it|this) is correct\.?|I hope this helps[.!]?", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Hope();

    [GeneratedRegex(@"(?<=(?<!\b(?:Mr|Mrs|Ms|Dr|St|vs|No|Fig))[.!?](?:\$\$?|\\[\])]|\*\*)?)\s+(?=[A-Z\\(\[*~\-]|$)|\n\s*\n|(?<![$\\\[(,&=])\n(?![$\\\])&=])|\.?\s*(?=I hope)")]
    private static partial Regex SentenceEnd();

    [GeneratedRegex(@"\$?[\s,]*(?:\\text\s*\{\s*)?\b(?:where|for all|for any|for every)\b|,\s*(?:\\q?quad\s*)?[A-Za-z]\s*\\in\s*\\mathbb\b"
        + @"|(?:\s|\\[ ,;:!]|\\q?quad){0,6}\(?(?:\\(?:pmod|bmod|mod)(?![A-Za-z])|(?:\\text\s*\{\s*)?\(?\bmod\b)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Clause();

    [GeneratedRegex(@"^\s*(?:since|because)\s[^,]*,\s", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex LeadingReason();

    [GeneratedRegex(@"\s(?:because|since|as desired|as required)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Reason();

    [GeneratedRegex(@"=\s*(-?\s*[$€£]?\s*-?(?:\d{1,3}(?:[. ]\d{3})+,\d+|\d+,\d{1,2}(?![\d,])|(?:\d{1,3}(?:[, ]\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:/\d+)?|\.\d+)\s?%?)(?!\d|\.\.|…|\s*[-+*/^×]\s*[\d$])")]
    private static partial Regex EqualsNumber();

    [GeneratedRegex(@"(?<![\p{L}\d_.,/\\^{])(?:-(?=[\d.$]))?[$€£]?(?:\d{1,3} \d{1,3}/\d{1,3}(?![\d/])|\d{1,2}:[0-5]\d(?::[0-5]\d)?(?:\s?(?:[ap]m\b|[ap]\.\s?m\.))?(?![\d:])|\d+(?:(?::| : )\d+)+|\d{1,3}(?:[. ]\d{3})+,\d+|\d{1,2}(?:,\d{2})+,\d{3}(?![\d,])|\d+,\d{1,2}(?![\d,])|\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d{1,3}(?: \d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?(?:/\d+)?|\.\d+)(?:\s?\\?%|\s(?:percent|per cent|pct|percentage)\b)?(?![\d])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex NumberPattern();

    private const string NumberName = @"(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen"
        + @"|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|hundred|thousand|million)";

    [GeneratedRegex(@"\b(?:(?:minus|negative)\s)?(?:a\s(?=hundred|thousand|million))?" + NumberName
        + @"(?:(?:-|\s|(?<=hundred|thousand|million)\sand\s)" + NumberName + @"\b)*"
        + @"(?:[- ](?:half|halves|(?:third|quarter|fourth|fifth|sixth|seventh|eighth|ninth|tenth)s?))?(?:\s(?:percent|per cent)\b)?(?![-\p{L}])",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex NumberWord();

    [GeneratedRegex(@"\p{L}{3,}|(?<!\p{L})\p{L}\p{Ll}(?!\p{L})")]
    private static partial Regex Word();

    [GeneratedRegex(@"\s+\((?=[a-z])|[,;]?\s+(?:which|because|since|as|by|so|and\s+so)\s|,?\s+(?:not|rather\s+than|instead\s+of)\s|\s*;")]
    private static partial Regex After();

    [GeneratedRegex(@"^\(?\p{L}+\)?$")]
    private static partial Regex SingleWord();

    [GeneratedRegex(@"\\(?:text|textbf|mbox|mathrm|operatorname|textnormal|textrm)\s*\{[^{}]*\}|\\[A-Za-z]+|(?<=[\d)])(?:or|and)(?=[\d(A-Z])|\b(?:and|or|sqrt|pi|sin|cos|tan|log|ln|percent|pct)\b")]
    private static partial Regex CommandName();

    [GeneratedRegex(@"^\s*(?:,|;|and|or|,\s*and|,\s*or|\s)\s*$")]
    private static partial Regex Between();

    [GeneratedRegex(@"\b(?:it follows that|so|then|thus|hence|therefore|we (?:get|have|obtain|see|must have))\b")]
    private static partial Regex Conclusion();

    // "There are 100 integers below 300 that …", "Thus, 8 of the divisors of 900 …": the count comes first, and nothing is computed after it.
    [GeneratedRegex(@"(?:\bthere (?:is|are)(?: exactly| only)?|^\s*(?:thus|therefore|hence|so|in total),?(?= \d+ of))\s+(\d+)\s+(?!.*(?:=|\b(?:so|thus|total|altogether|then|making|giving|leaving|left|remain\w*|is|and)\b))\p{Ll}", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Counted();

    // Right before a value, it says that this is the value.
    [GeneratedRegex(@"(?:\b(?:is|are|be|equals|equal(?:s)? to|becomes|gets?|obtain|gives|answer|of which there (?:is|are))(?:\s+(?:exactly|only|therefore|thus|then))?|[=:])\s*$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Said();

    [GeneratedRegex(@"(?:\b(?:are|is|be)|:)\s+((?:-?\d+(?:,\s+|\s+))+(?:and|or)\s+-?\d+)\s*\.?$")]
    private static partial Regex Series();

    [GeneratedRegex(@"^(?:\\(?:mathrm|mathcal|overline|angle|triangle|ell|alpha|beta|theta)(?![A-Za-z])|[A-Za-z\s{}(),'])+$")]
    private static partial Regex BareName();

    [GeneratedRegex(@"\b(?:with|when|if|for|since|as|because|given|taking|setting)\s+$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Given();

    [GeneratedRegex(@"^\s*(?!\d)[^=+\-*/^<>]*=")]
    private static partial Regex NamedValue();

    [GeneratedRegex(@"\G\s*(percent|per cent|percentage|pct|\\?%)(?![A-Za-z])")]
    private static partial Regex UnitAfter();
}
