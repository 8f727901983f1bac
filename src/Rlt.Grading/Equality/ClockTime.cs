using System.Globalization;
using System.Text.RegularExpressions;

namespace Rlt.Grading.Equality;

/// <summary>Times of day and durations: 2:40, 12:00 p.m., 1:30:00, noon.</summary>
/// <param name="Seconds">Seconds as written, of a marked time since midnight.</param>
/// <param name="IsMarked">Whether the half of the day is told, by a.m. and p.m. or an hour after noon's.</param>
/// <param name="IsTold">Whether words or a.m. and p.m. say that it is a time.</param>
/// <remarks>Two digits of minutes make a time: 2:40 is not 1:20, though 3:2 is the ratio 6:4.</remarks>
internal sealed partial record ClockTime(int Seconds, bool IsMarked, bool IsTold)
{
    private const int SecondsOfHour = 3600;
    private const int SecondsOfMinute = 60;
    private const int MostCharacters = 60;
    private const int HoursToNoon = 12;

    /// <summary>The time that a text is; null where it is none.</summary>
    public static ClockTime? Of(string text)
    {
        if (text.Length > MostCharacters)
        {
            return null;
        }

        Match time = Time().Match(Typeset().Replace(text, " "));
        if (!time.Success || (!time.Groups["minute"].Success && !time.Groups["half"].Success))
        {
            return time.Success && time.Groups["word"].Success
                ? new ClockTime(time.Groups["word"].Value is "noon" ? HoursToNoon * SecondsOfHour : 0, true, true) : null;
        }

        int hour = Number(time, "hour");
        string half = time.Groups["half"].Value.ToLowerInvariant();
        bool isMorning = half.StartsWith('a') || half == "midnight", isTold = half.Length > 0;
        if (hour > 24 || (isTold && isMorning && hour > HoursToNoon) || (half is "noon" or "midnight" && hour != HoursToNoon))
        {
            return null;
        }

        int ofDay = !isTold || hour > HoursToNoon ? hour : (hour % HoursToNoon) + (isMorning ? 0 : HoursToNoon);
        return new ClockTime(
            (ofDay * SecondsOfHour) + (Number(time, "minute") * SecondsOfMinute) + Number(time, "second"), isTold || hour > HoursToNoon, isTold);
    }

    /// <summary>Are both the same time. The half of the day may be left out by one.</summary>
    public bool Same(ClockTime other)
    {
        bool mayDiffer = IsTold != other.IsTold && !(IsMarked && other.IsMarked);
        return Seconds == other.Seconds || (mayDiffer && Math.Abs(Seconds - other.Seconds) == HoursToNoon * SecondsOfHour);
    }

    private static int Number(Match time, string group) => time.Groups[group].Success ? int.Parse(time.Groups[group].Value, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@"^\s*(?:at\s+)?(?:(?<hour>\d{1,2})(?:\s?:\s?(?<minute>[0-5]\d)(?::(?<second>[0-5]\d))?)?\s*(?<half>[ap]\s?\.?\s?m\b|noon\b|midnight\b)?|(?<word>noon|midnight))[\s.]*$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Time();

    [GeneratedRegex(@"\\(?:text|textbf|textrm|mathrm|mbox|textnormal)(?=\s*\{)|\\[,;:! ]|\\q?quad\b|[${}~]")]
    private static partial Regex Typeset();
}
