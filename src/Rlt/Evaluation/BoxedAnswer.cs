using System.Text.RegularExpressions;

namespace Rlt.Evaluation;

/// <summary>Final answers in <c>\boxed{}</c>, compared after simple normalisation.</summary>
public static partial class BoxedAnswer
{
    /// <summary>The content of the last <c>\boxed{…}</c>, braces matched; null where there is none or it is not closed.</summary>
    public static string? Extract(string response)
    {
        const string Open = "\\boxed{";
        int start = response.LastIndexOf(Open, StringComparison.Ordinal);
        if (start < 0)
        {
            return null;
        }

        int depth = 1;
        for (int i = start + Open.Length; i < response.Length; i++)
        {
            depth += response[i] == '{' ? 1 : response[i] == '}' ? -1 : 0;
            if (depth == 0)
            {
                return response[(start + Open.Length)..i];
            }
        }

        return null;
    }

    /// <summary>Whether two answers are the same after normalisation.</summary>
    public static bool Same(string expected, string? actual) => actual is not null && Normalize(expected) == Normalize(actual);

    /// <summary>The answer without spaces, dollar signs, thousands separators, a closing full stop, sizing commands and leading zeros.</summary>
    public static string Normalize(string answer)
    {
        string text = Ignorable().Replace(answer, "").TrimEnd('.');
        text = text.Replace("\\dfrac", "\\frac", StringComparison.Ordinal).Replace("\\tfrac", "\\frac", StringComparison.Ordinal);
        text = Thousands().Replace(text, "");
        return Number().Match(text) is { Success: true } number ? number.Groups["sign"].Value + number.Groups["digits"].Value + number.Groups["rest"].Value : text;
    }

    [GeneratedRegex(@"\s|\$|\\left|\\right|\\!|\\,|\\;|\\ ")]
    private static partial Regex Ignorable();

    [GeneratedRegex(@"(?<=\d),(?=\d{3}(\D|$))")]
    private static partial Regex Thousands();

    [GeneratedRegex(@"^(?<sign>-?)0*(?<digits>\d+?)(\.0+|(?<rest>\.\d+?)0*)?$")]
    private static partial Regex Number();
}
