#if TORCHSHARP_PACKAGES
using System.Text;
using Microsoft.ML.Tokenizers;
using Rlt.Text.Tokenization.PreTokenization;

namespace Rlt.Text.Tokenization.Models;

/// <summary>
/// Merging by Microsoft.ML.Tokenizers, in the build on packages. It has no byte fallback and no characters that are dropped, so it takes
/// the byte-level models with all 256 bytes in their vocabulary; the others, and very long words, merge in <see cref="BpeWord"/>.
/// </summary>
internal sealed partial class BpeModel
{
    // The package's time grows with the square of a word's length.
    private const int LongestPackageWord = 1024;

    private BpeTokenizer? _package;

    partial void UsePackage()
    {
        if (!_options.ByteLevel || _byteIds.Contains(-1))
        {
            return;
        }

        var tokens = Vocabulary.ToDictionary(pair => pair.Value, pair => pair.Key);
        _package = BpeTokenizer.Create(new Microsoft.ML.Tokenizers.BpeOptions(Vocabulary)
        {
            Merges = _merges.InOrder().Select(pair => $"{tokens[pair.Left]} {tokens[pair.Right]}"),
        });
    }

    partial void MergeInPackage(ReadOnlySpan<char> piece, ref ModelToken[]? merged)
    {
        if (_package is null || piece.Length > LongestPackageWord)
        {
            return;
        }

        // The package sees one character a byte; where each byte's character of the piece starts and ends is kept beside.
        var symbols = new StringBuilder(piece.Length);
        var places = new List<(int Start, int End)>(piece.Length);
        Span<byte> bytes = stackalloc byte[4];
        for (int at = 0, length; at < piece.Length; at += length)
        {
            var rune = new Rune(CodePoints.At(piece, at, piece.Length, out length));
            foreach (byte value in bytes[..rune.EncodeToUtf8(bytes)])
            {
                symbols.Append(ByteAlphabet.CharOf(value));
                places.Add((at, at + length));
            }
        }

        merged = [.. _package.EncodeToTokens(symbols.ToString(), out _, considerPreTokenization: false, considerNormalization: false)
            .Select(token => new ModelToken(token.Id, places[token.Offset.Start.Value].Start, places[token.Offset.End.Value - 1].End))];
    }
}

/// <summary>What the package needs to know of the merges.</summary>
internal sealed partial class BpeMerges
{
    // Its product with KeyFactor is 1 modulo 2^64.
    private const long KeyFactorInverse = unchecked((long)0xF1DE83E19937733D);

    /// <summary>The pairs in the order they merge.</summary>
    public IEnumerable<(int Left, int Right)> InOrder() =>
        _merges.OrderBy(merge => merge.Value.Rank).Select(merge => unchecked(merge.Key * KeyFactorInverse)).Select(key => ((int)(key >> 32), (int)key));
}
#endif
