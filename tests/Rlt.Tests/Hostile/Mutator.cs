using System.Text;

namespace Rlt.Tests.Hostile;

/// <summary>Damages files by chance: bits, cuts, swaps, huge numbers, deep nesting, keys twice, and words that mean something to a parser.</summary>
internal sealed class Mutator(int seed)
{
    private static readonly string[] Numbers =
    [
        "-1", "0", "0.5", "2147483647", "2147483648", "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551616", "1e308", "1e999", "-1e999", "1e-999", "NaN",
        "100000000000", "00", "1_000", "0x10", "123456789012345678901234567890123456789012345678901234567890",
    ];

    private static readonly string[] Values =
    [
        "null", "true", "false", "-1", "0", "1", "3.5", "1e99", "2147483647", "2147483648", "9223372036854775807", "[]", "{}", "[[]]", "[null]", "[1, \"a\"]", "{\"a\": 1}", "{\"type\": \"x\"}",
        "\"\"", "\"a\"", "\"\\u0000\"", "\"../a\"", "\"/dev/zero\"", "\"(a|b)*c{2,1000}\"", "\"\\\\p{L}+(?=x)\"", "\"{{ x }}\"", "\"▁\"", "\"BPE\"", "\"Sequence\"", "\"ByteLevel\"", "\"float16\"", "\"yarn\"",
    ];

    private static readonly string[] Words =
    [
        "null", "true", "[]", "{}", "\"\"", "\"\\ud800\"", "\"\\u0000\"", "\0", "\ufeff", "\r\n", "\t", ",", ":", "\"", "'", "../../../etc/passwd", "/etc/passwd", "\\\\host\\share", ".", "..",
        "&a ", "*a", "!!binary ", "<<: ", "? ", "- ", "|\n", ">\n", "%YAML 9.9\n", "---\n", "...\n", "# ", "@", "`",
        "{{", "}}", "{%", "%}", "{#", "{{ range(999999999)|list }}", "{{ 9**9**9 }}", "{{ 'a' * 999999999 }}", "{{ '%999999999d' % 1 }}", "{{ messages|batch(999999999)|list }}",
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "{{ x.__class__ }}", "{{ ''.join(messages) }}",
        "{{ 'x'|indent(999999999) }}", "{{ '{:999999999}'.format(1) }}", "{{ 'aaa'.replace('', 'aaaaaaaaaa') }}", "{% include 'x' %}", "{{ strftime_now('%Y' * 9999) }}", "{{ messages|tojson(indent=99999999) }}",
        "(a+)+$", "(?:", "[^", "\\p{", "{1,999999999}", "x{99999}{99999}", "(?i)", "(?=", "\\1",
        "\ud83d", "\u2028", "\u0301\u0301\u0301\u0301\u0301\u0301",
    ];

    private static readonly (string Open, string Close)[] Nests =
        [("[", "]"), ("{\"a\":", "}"), ("(", ")"), ("{{ (", ") }}"), ("{% if 1 %}", "{% endif %}"), ("- ", ""), ("{a: ", "}"), ("not ", ""), ("-", ""), ("x if x else ", "")];

    private static readonly byte[][] NotUtf8 = [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x82]];

    private readonly Random _random = new(seed);

    /// <summary>A number from 0 to below the bound.</summary>
    public int Next(int bound) => _random.Next(Math.Max(1, bound));

    /// <summary>The content with one to four damages.</summary>
    public byte[] Damage(byte[] content)
    {
        for (int i = 1 + Next(4); i > 0; i--)
        {
            content = Once(content);
        }

        return content;
    }

    private byte[] Once(byte[] content) => Next(15) switch
    {
        0 => Flip(content),
        1 => content[..Next(content.Length)],
        2 => Swap(content),
        3 => Cut(content),
        4 => Repeat(content),
        5 => Splice(content, Next(content.Length), 0, NotUtf8[Next(NotUtf8.Length)]),
        6 or 7 => Number(content),
        8 => Line(content),
        9 => Nest(content),
        11 or 12 or 13 => Value(content),
        10 => Splice(content, Next(content.Length), Next(8), Encoding.UTF8.GetBytes(new string((char)(32 + Next(95)), 1 << Next(17)))),
        _ => Splice(content, Next(content.Length), Next(8), Encoding.UTF8.GetBytes(Words[Next(Words.Length)])),
    };

    private byte[] Flip(byte[] content)
    {
        byte[] result = [.. content];
        for (int i = Next(8); i >= 0 && result.Length > 0; i--)
        {
            result[Next(result.Length)] ^= (byte)(1 << Next(8));
        }

        return result;
    }

    private byte[] Swap(byte[] content)
    {
        byte[] result = [.. content];
        if (result.Length > 0)
        {
            (int one, int other) = (Next(result.Length), Next(result.Length));
            (result[one], result[other]) = (result[other], result[one]);
        }

        return result;
    }

    private byte[] Cut(byte[] content) => Splice(content, Next(content.Length), Next(64), []);

    private byte[] Repeat(byte[] content)
    {
        int start = Next(content.Length);
        return Splice(content, Next(content.Length), 0, content[start..Math.Min(content.Length, start + Next(256))]);
    }

    // A number in the text becomes another one.
    private byte[] Number(byte[] content)
    {
        int start = Next(content.Length);
        while (start < content.Length && content[start] is < (byte)'0' or > (byte)'9')
        {
            start++;
        }

        int end = start;
        while (end < content.Length && content[end] is >= (byte)'0' and <= (byte)'9')
        {
            end++;
        }

        return Splice(content, start, end - start, Encoding.UTF8.GetBytes(Numbers[Next(Numbers.Length)]));
    }

    // What follows a colon becomes a value of any kind, and the rest stays well formed.
    private byte[] Value(byte[] content)
    {
        int start = Next(content.Length);
        int colon = content.AsSpan(start).IndexOf((byte)':');
        if (colon < 0)
        {
            return content;
        }

        start += colon + 1;
        int length = content.AsSpan(start).IndexOfAny(",}]\n"u8);
        return Splice(content, start, length < 0 ? content.Length - start : length, Encoding.UTF8.GetBytes(" " + Values[Next(Values.Length)]));
    }

    // A line, or what stands between two commas, comes twice: a key that is given twice.
    private byte[] Line(byte[] content)
    {
        byte border = Next(2) == 0 ? (byte)'\n' : (byte)',';
        int start = Next(content.Length);
        int next = content.AsSpan(start).IndexOf(border);
        int length = next < 0 ? -1 : content.AsSpan(start + next + 1).IndexOf(border);
        return length < 0 ? content : Splice(content, start + next, 0, content[(start + next)..(start + next + length + 1)]);
    }

    private byte[] Nest(byte[] content)
    {
        (string open, string close) = Nests[Next(Nests.Length)];
        int depth = 1 << Next(16);
        string middle = Next(2) == 0 ? "1" : "";
        string text = string.Concat(Enumerable.Repeat(open, depth)) + middle + (Next(2) == 0 ? string.Concat(Enumerable.Repeat(close, depth)) : "");
        return Splice(content, Next(content.Length), Next(4), Encoding.UTF8.GetBytes(text));
    }

    private static byte[] Splice(byte[] content, int at, int remove, byte[] insert) =>
        [.. content.AsSpan(0, at), .. insert, .. content.AsSpan(Math.Min(content.Length, at + remove))];
}
