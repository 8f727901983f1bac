using System.Text.RegularExpressions;
using Rlt.Grading;

namespace Rlt.Evaluation.Protocols;

/// <summary>Scoring as SkyThought's evaluation does it (commit 4bb8f3e), looseness included.</summary>
/// <remarks>
/// The whole response is searched, thought and cut-off ones included; a hundredth and a hundredfold of the answer are right; the last
/// single letter anywhere is the choice. One difference: where SkyThought asks sympy, <see cref="AnswerGrader"/> decides.
/// </remarks>
public static partial class SkyThoughtAnswers
{
    /// <summary>Grades mathematics.</summary>
    public static Verdict GradeMath(string answer, string response)
    {
        string extracted = SkyThoughtText.Strip(Extract(response));
        return new Verdict(SkyThoughtEquality.Same(extracted, SkyThoughtText.Strip(answer)), extracted.Length == 0 ? null : extracted);
    }

    /// <summary>Grades a plain number: the same characters once separators and currency signs are gone.</summary>
    public static Verdict GradeNumber(string answer, string response)
    {
        // Separators go first: "2,001" is no list.
        string extracted = Bare(SkyThoughtText.Strip(Extract(response).Replace(",", "", StringComparison.Ordinal)));
        return new Verdict(extracted == Bare(answer), extracted.Length == 0 ? null : extracted);
    }

    /// <summary>The last of the letters A to D that stands alone, the article "a" among them; null where there is none.</summary>
    public static string? LastLetter(string response) => Letters().Matches(response.ToUpperInvariant()).LastOrDefault()?.Value;

    /// <summary>What SkyThought takes for the answer, before it is simplified.</summary>
    public static string Extract(string response)
    {
        string text = response.Trim();
        string found = Hoped().Match(text) is { Success: true } hoped ? hoped.Groups[1].Value
            : AfterLast(text, "boxed") is { } box ? Braced(box)
            : AfterLast(text, "he answer is") ?? AfterLast(text, "final answer is")
            ?? (AfterFirst(text, "答案是") is { } chinese ? chinese.Split("\n\n")[0].Trim() : LastNumber(text));
        string joined = string.Concat(found.Trim().Split('\n').Select(line => line.Trim()));
        return joined.TrimStart(':') is var plain && plain.EndsWith('.') ? WithoutSlash(plain[..^1]) : WithoutSlash(plain);
    }

    private static string WithoutSlash(string text) => text.EndsWith('/') ? text[..^1] : text;

    // The text between the brace that follows and its partner; without a brace, all up to a dollar sign.
    private static string Braced(string text)
    {
        if (text.Length == 0 || text[0] != '{')
        {
            return text.Split('$')[0].Trim();
        }

        int depth = 0;
        for (int at = 0; at < text.Length; at++)
        {
            depth += text[at] == '{' ? 1 : text[at] == '}' ? -1 : 0;
            if (depth == 0)
            {
                return text[1..at];
            }
        }

        return text[1..];
    }

    private static string? AfterLast(string text, string mark) =>
        text.LastIndexOf(mark, StringComparison.Ordinal) is var at and >= 0 ? text[(at + mark.Length)..] : null;

    private static string? AfterFirst(string text, string mark) =>
        text.IndexOf(mark, StringComparison.Ordinal) is var at and >= 0 ? text[(at + mark.Length)..] : null;

    private static string LastNumber(string text) => Numbers().Matches(text.Replace(",", "", StringComparison.Ordinal)).LastOrDefault()?.Value ?? "";

    private static string Bare(string text) => BareSigns().Replace(text, "").TrimEnd('.');

    [GeneratedRegex(@"final answer is \$(.*?)\$\. I hope", RegexOptions.Singleline)]
    private static partial Regex Hoped();

    [GeneratedRegex(@"-?\d*\.?\d+")]
    private static partial Regex Numbers();

    [GeneratedRegex(@"\b[ABCD]\b")]
    private static partial Regex Letters();

    [GeneratedRegex(@"[,$\s%]")]
    private static partial Regex BareSigns();
}
