using System.Globalization;
using System.Text;
using Rlt.Text.Tokenization.PreTokenization;

namespace Rlt.Text.Tokenization.Decoding;

/// <summary>Turns byte-level tokens back to bytes and those to text; bytes that are not UTF-8 become U+FFFD.</summary>
internal sealed class ByteLevelStep : DecodeStep
{
    private readonly Decoder _decoder = System.Text.Encoding.UTF8.GetDecoder();
    private byte[] _bytes = new byte[64];
    private char[] _chars = new char[64];

    /// <inheritdoc/>
    public override void Push(string token)
    {
        // A token with any character outside of the byte alphabet stands for itself.
        int count = token.Length;
        Grow(3 * count);
        for (int i = 0; i < token.Length; i++)
        {
            int value = ByteAlphabet.ByteOf(token[i]);
            if (value < 0)
            {
                count = System.Text.Encoding.UTF8.GetBytes(token, _bytes);
                break;
            }

            _bytes[i] = (byte)value;
        }

        Decode(count, flush: false);
    }

    /// <inheritdoc/>
    public override void Finish() => Decode(0, flush: true);

    private void Decode(int count, bool flush)
    {
        int chars = _decoder.GetChars(_bytes.AsSpan(0, count), _chars, flush);
        if (chars > 0)
        {
            Send(new string(_chars, 0, chars));
        }
    }

    private void Grow(int bytes)
    {
        if (_bytes.Length < bytes)
        {
            _bytes = new byte[2 * bytes];
        }

        // Bytes held back from the token before may come out as well.
        if (_chars.Length < bytes + 4)
        {
            _chars = new char[2 * (bytes + 4)];
        }
    }
}

/// <summary>Turns runs of tokens such as <c>&lt;0xE2&gt;</c> to text; every byte of a run that is not UTF-8 becomes U+FFFD.</summary>
internal sealed class ByteFallbackStep : DecodeStep
{
    private static readonly UTF8Encoding _strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly List<byte> _run = [];

    /// <inheritdoc/>
    public override void Push(string token)
    {
        if (token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>'
            && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value))
        {
            _run.Add(value);
            return;
        }

        Finish();
        Send(token);
    }

    /// <inheritdoc/>
    public override void Finish()
    {
        if (_run.Count == 0)
        {
            return;
        }

        string text;
        try
        {
            text = _strict.GetString([.. _run]);
        }
        catch (DecoderFallbackException)
        {
            text = new string('\uFFFD', _run.Count);
        }

        _run.Clear();
        Send(text);
    }
}
