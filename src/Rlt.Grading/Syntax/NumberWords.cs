using System.Globalization;
using System.Text.RegularExpressions;

namespace Rlt.Grading.Syntax;

/// <summary>Numbers written as words: "thirty-five percent", "one hundred and five", "two thirds", "minus four".</summary>
internal static partial class NumberWords
{
    private const int MostCharacters = 120;

    private static readonly string[] Small =
    [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
        "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
    ];

    private static readonly string[] Tens = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

    private static readonly string[] Scales = ["thousand", "million", "billion"];

    private static readonly string[] Parts = ["half", "third", "quarter", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];

    /// <summary>An answer whose number is a word, in digits, with the sign of percentage or unit that follows; any other answer as it is.</summary>
    public static string WithDigits(string answer)
    {
        if (answer.Length > MostCharacters)
        {
            return answer;
        }

        string[] words = Typeset().Replace(answer, " ").ToLowerInvariant().Trim(' ', '.').Split([' ', '-', '\n'], StringSplitOptions.RemoveEmptyEntries);
        int at = 0;
        string sign = words.Length > 0 && words[0] is "minus" or "negative" && at++ == 0 ? "-" : "";
        if (Cardinal(words, ref at) is not { } number)
        {
            return answer;
        }

        string digits = sign + number.ToString(CultureInfo.InvariantCulture);
        if (at < words.Length && Part(words[at]) is { } part)
        {
            digits += "/" + part.ToString(CultureInfo.InvariantCulture);
            at++;
        }

        string rest = string.Join(' ', words[at..]);
        return rest.Length == 0 ? digits : Units.IsPercent(rest) || rest is "%" or "\\%" ? digits + "%" : Units.IsUnit(rest) ? $"{digits} {rest}" : answer;
    }

    // Hundreds, tens and ones, then their scale, from the largest scale down.
    private static long? Cardinal(string[] words, ref int at)
    {
        long sum = 0, last = long.MaxValue;
        while (BelowThousand(words, ref at) is { } below)
        {
            int scale = at < words.Length ? Array.IndexOf(Scales, words[at]) + 1 : 0;
            long unit = (long)Math.Pow(1000, scale);
            if (unit >= last)
            {
                return null;
            }

            sum += below * unit;
            if (scale == 0)
            {
                return sum;
            }

            (last, at) = (unit, at + 1);
            at += at < words.Length && words[at] is "and" ? 1 : 0;
        }

        return last == long.MaxValue ? null : sum;
    }

    private static int? BelowThousand(string[] words, ref int at)
    {
        int start = at;
        int? ones = Below100(words, ref at);
        if (ones is null && at + 1 < words.Length && words[at] is "a" && (words[at + 1] is "hundred" || Scales.Contains(words[at + 1])))
        {
            (ones, at) = (1, at + 1);
        }

        if (ones is null or > 9 || at >= words.Length || words[at] is not "hundred")
        {
            return ones;
        }

        int after = ++at;
        after += after < words.Length && words[after] is "and" ? 1 : 0;
        int? rest = Below100(words, ref after);
        at = rest is null ? at : after;
        return (ones * 100) + (rest ?? 0);
    }

    private static int? Below100(string[] words, ref int at)
    {
        if (at >= words.Length)
        {
            return null;
        }

        int ten = Array.IndexOf(Tens, words[at]), one = Array.IndexOf(Small, ten < 0 || at + 1 >= words.Length ? words[at] : words[at + 1]);
        bool hasOne = one >= (ten < 0 ? 0 : 1) && (ten < 0 || one < 10);
        at += (ten < 0 ? 0 : 1) + (hasOne ? 1 : 0);
        return ten < 0 && !hasOne ? null : (ten < 0 ? 0 : 10 * (ten + 2)) + (hasOne ? one : 0);
    }

    private static int? Part(string word) => word is "fourth" or "fourths" ? 4 : word is "halves" ? 2
        : Array.IndexOf(Parts, word.TrimEnd('s')) is var part and >= 0 ? part + 2 : null;

    [GeneratedRegex(@"\\(?:text(?:bf|it|rm|normal|sf|tt)?|mathrm|mathbf|mbox|left|right)(?![A-Za-z])|\\[,;:! ]|[${}~*""]")]
    private static partial Regex Typeset();
}
