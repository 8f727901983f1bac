namespace Rlt.Text.Tokenization.PreTokenization;

/// <summary>The characters that stand for the 256 byte values in byte-level vocabularies.</summary>
/// <remarks>Printable Latin-1 characters stand for themselves; the other bytes, in order, for the characters from U+0100 on.</remarks>
internal static class ByteAlphabet
{
    private static readonly char[] _chars = MakeChars();
    private static readonly short[] _bytes = MakeBytes();

    /// <summary>The character for a byte.</summary>
    public static char CharOf(byte value) => _chars[value];

    /// <summary>The byte a character stands for; -1 for characters outside of the alphabet.</summary>
    public static int ByteOf(char c) => c < _bytes.Length ? _bytes[c] : -1;

    private static char[] MakeChars()
    {
        var chars = new char[256];
        int spare = 0x100;
        for (int value = 0; value < 256; value++)
        {
            bool printable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE;
            chars[value] = (char)(printable ? value : spare++);
        }

        return chars;
    }

    private static short[] MakeBytes()
    {
        var bytes = new short[_chars.Max() + 1];
        Array.Fill(bytes, (short)-1);
        for (int value = 0; value < 256; value++)
        {
            bytes[_chars[value]] = (short)value;
        }

        return bytes;
    }
}
