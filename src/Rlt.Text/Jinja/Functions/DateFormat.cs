using System.Globalization;
using System.Text;
using Rlt.Text.Jinja.Runtime;
using Rlt.Text.Jinja.Values;

namespace Rlt.Text.Jinja.Functions;

/// <summary>strftime in the C locale, for a local time without a zone.</summary>
internal static class DateFormat
{
    public static string Format(RenderState state, string format, DateTimeOffset time)
    {
        state.ChargeText(format.Length * 4L);
        var text = new StringBuilder();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }

            char flag = format[i + 1] is '-' or '_' or '0' or '^' && i + 2 < format.Length ? format[++i] : ' ';
            char code = format[++i];
            string value = Part(code, time) ?? throw new RenderError($"strftime_now does not know '%{code}'");
            text.Append(flag switch
            {
                '-' when char.IsAsciiDigit(value[0]) => value.TrimStart('0', ' ') is { Length: > 0 } digits ? digits : "0",
                '_' when value[0] == '0' => value.TrimStart('0').PadLeft(value.Length),
                '^' => value.ToUpperInvariant(),
                _ => value,
            });
        }

        return text.ToString();
    }

    private static string? Part(char code, DateTimeOffset time)
    {
        string? pattern = code switch
        {
            'Y' => "yyyy",
            'y' => "yy",
            'm' => "MM",
            'd' => "dd",
            'H' => "HH",
            'I' => "hh",
            'M' => "mm",
            'S' => "ss",
            'f' => "ffffff",
            'B' => "MMMM",
            'b' or 'h' => "MMM",
            'A' => "dddd",
            'a' => "ddd",
            'p' => "tt",
            'F' => "yyyy-MM-dd",
            'D' or 'x' => "MM/dd/yy",
            'T' or 'X' => "HH:mm:ss",
            'R' => "HH:mm",
            'r' => "hh:mm:ss tt",
            _ => null,
        };
        return pattern is not null ? time.ToString(pattern, CultureInfo.InvariantCulture) : Computed(code, time);
    }

    private static string? Computed(char code, DateTimeOffset time)
    {
        int weekday = (int)time.DayOfWeek;
        return code switch
        {
            'j' => $"{time.DayOfYear:000}",
            'e' => $"{time.Day,2}",
            'k' => $"{time.Hour,2}",
            'l' => $"{((time.Hour + 11) % 12) + 1,2}",
            'w' => $"{weekday}",
            'u' => $"{(weekday == 0 ? 7 : weekday)}",
            'C' => $"{time.Year / 100:00}",
            'U' => $"{(time.DayOfYear + 6 - weekday) / 7:00}",
            'W' => $"{(time.DayOfYear + 6 - ((weekday + 6) % 7)) / 7:00}",
            'V' => $"{ISOWeek.GetWeekOfYear(time.DateTime):00}",
            'G' => $"{ISOWeek.GetYear(time.DateTime):0000}",
            'g' => $"{ISOWeek.GetYear(time.DateTime) % 100:00}",
            's' => $"{time.ToUnixTimeSeconds()}",
            'c' => time.ToString("ddd MMM ", CultureInfo.InvariantCulture) + $"{time.Day,2}" + time.ToString(" HH:mm:ss yyyy", CultureInfo.InvariantCulture),
            'z' or 'Z' => "",
            'n' => "\n",
            't' => "\t",
            '%' => "%",
            _ => null,
        };
    }
}
