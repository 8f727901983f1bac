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

    // A large vocabulary takes the package a third of a second, which goes by while other files are read. Null where it cannot take it.
    private readonly Task<Package?> _reading;

    /// <summary>Begins to hand a vocabulary and its merges to the package.</summary>
    public PackageMerger(Dictionary<string, int> vocabulary, BpeMerges merges) => _reading = Task.Run(() => Read(vocabulary, merges));

    /// <summary>The tokens of a word; false if it is too long, or the package does not take the model.</summary>
    public bool TryMerge(ReadOnlySpan<char> piece, out ModelToken[] tokens)
    {
        tokens = [];
        if (piece.Length > LongestWord || _reading.GetAwaiter().GetResult() is not { } package)
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

        var merged = package.Tokenizer.EncodeToIds(symbols[..count], considerPreTokenization: false, considerNormalization: false);
        tokens = new ModelToken[merged.Count];
        int start = 0;
        for (int i = 0; i < tokens.Length; i++)
        {
            var (id, length) = package.Tokens[merged[i]];
            tokens[i] = new ModelToken(id, origins[start].Start, origins[start + length - 1].End);
            start += length;
        }

        return true;
    }

    private static Package? Read(Dictionary<string, int> vocabulary, BpeMerges merges)
    {
        string[] lines = [.. merges.Lines(vocabulary)];
        if (lines.Any(line => line.AsSpan().Count(' ') != 1))
        {
            return null;
        }

        // The package finds a pair of tokens by the hash code 37 left + right, which many pairs of a vocabulary share; with the tokens
        // numbered in a mixed order, half as many.
        KeyValuePair<string, int>[] tokens = [.. vocabulary];
        new Random(0).Shuffle(tokens);
        var options = new Microsoft.ML.Tokenizers.BpeOptions(tokens.Select((token, index) => KeyValuePair.Create(token.Key, index))) { Merges = lines };
        return new Package(BpeTokenizer.Create(options), Array.ConvertAll(tokens, token => (token.Value, token.Key.Length)));
    }

    /// <summary>The package's tokenizer, and the id and length of each of its tokens.</summary>
    private sealed record Package(BpeTokenizer Tokenizer, (int Id, int Length)[] Tokens);
}
