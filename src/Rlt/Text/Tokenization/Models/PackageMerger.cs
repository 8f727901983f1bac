using System.Text;
using Microsoft.ML.Tokenizers;
using Rlt.Text.Tokenization.PreTokenization;

namespace Rlt.Text.Tokenization.Models;

/// <summary>
/// Merging by Microsoft.ML.Tokenizers, for byte-level models whose vocabulary has all 256 bytes. It gets one word at a time, written in
/// the byte alphabet, and splits nothing itself.
/// </summary>
/// <remarks>The package's time grows with the square of a word's length; long words are left to <see cref="BpeWord"/>.</remarks>
internal sealed class PackageMerger
{
    private const int LongestWord = 256;

    // A large vocabulary takes the package a third of a second, which goes by while other files are read.
    private readonly Task<(BpeTokenizer Package, (int Id, int Length)[] Tokens)> _reading;

    /// <summary>Begins to hand a vocabulary and its merges to the package.</summary>
    public PackageMerger(Dictionary<string, int> vocabulary, BpeMerges merges) => _reading = Task.Run(() => Read(vocabulary, merges));

    /// <summary>The tokens of a word; false if it is too long.</summary>
    public bool TryMerge(ReadOnlySpan<char> piece, out ModelToken[] tokens)
    {
        tokens = [];
        if (piece.Length > LongestWord)
        {
            return false;
        }

        // The package sees one character a byte; where each byte's character of the piece starts and ends is kept beside.
        Span<char> symbols = stackalloc char[3 * piece.Length];
        Span<TextSpan> origins = stackalloc TextSpan[3 * piece.Length];
        Span<byte> bytes = stackalloc byte[4];
        int count = 0;
        for (int at = 0, length; at < piece.Length; at += length)
        {
            if (char.IsAscii(piece[at]))
            {
                length = 1;
                symbols[count] = ByteAlphabet.CharOf((byte)piece[at]);
                origins[count++] = new TextSpan(at, at + 1);
                continue;
            }

            var rune = new Rune(CodePoints.At(piece, at, piece.Length, out length));
            foreach (byte value in bytes[..rune.EncodeToUtf8(bytes)])
            {
                symbols[count] = ByteAlphabet.CharOf(value);
                origins[count++] = new TextSpan(at, at + length);
            }
        }

        var (package, known) = _reading.GetAwaiter().GetResult();
        var merged = package.EncodeToIds(symbols[..count], considerPreTokenization: false, considerNormalization: false);
        tokens = new ModelToken[merged.Count];
        int start = 0;
        for (int i = 0; i < tokens.Length; i++)
        {
            var (id, length) = known[merged[i]];
            tokens[i] = new ModelToken(id, origins[start].Start, origins[start + length - 1].End);
            start += length;
        }

        return true;
    }

    private static (BpeTokenizer Package, (int Id, int Length)[] Tokens) Read(Dictionary<string, int> vocabulary, BpeMerges merges)
    {
        // The package finds a pair of tokens by the hash code 37 left + right, which many pairs of a vocabulary share; with the tokens
        // numbered in a mixed order, half as many.
        KeyValuePair<string, int>[] tokens = [.. vocabulary];
        new Random(0).Shuffle(tokens);
        var options = new Microsoft.ML.Tokenizers.BpeOptions(tokens.Select((token, index) => KeyValuePair.Create(token.Key, index)))
        {
            Merges = merges.InOrder(vocabulary),
        };
        return (BpeTokenizer.Create(options), Array.ConvertAll(tokens, token => (token.Value, token.Key.Length)));
    }
}
