namespace Rlt.Text.Tokenization;

/// <summary>Reads code points out of UTF-16 text. Half of a surrogate pair reads as U+FFFD, which is how it is written in UTF-8.</summary>
internal static class CodePoints
{
    /// <summary>The code point at <paramref name="at"/>, which takes <paramref name="length"/> units of a text that ends at <paramref name="end"/>.</summary>
    public static int At(ReadOnlySpan<char> text, int at, int end, out int length)
    {
        char c = text[at];
        length = 1;
        if (!char.IsSurrogate(c))
        {
            return c;
        }

        if (at + 1 < end && char.IsSurrogatePair(c, text[at + 1]))
        {
            length = 2;
            return char.ConvertToUtf32(c, text[at + 1]);
        }

        return 0xFFFD;
    }

    /// <summary>Where the code point that ends at <paramref name="at"/> starts, in a text that starts at <paramref name="start"/>.</summary>
    public static int Before(ReadOnlySpan<char> text, int at, int start) =>
        at - start >= 2 && char.IsSurrogatePair(text[at - 2], text[at - 1]) ? at - 2 : at - 1;
}
