#if TORCHSHARP_PACKAGES
using System.Text;
using Microsoft.ML.Tokenizers;
using Rlt.Text.Tokenization.PreTokenization;

namespace Rlt.Text.Tokenization.Models;

/// <summary>
/// Merging by Microsoft.ML.Tokenizers, in the build on packages. It has no byte fallback and no characters that are dropped, so it takes
/// the byte-level models with all 256 bytes in their vocabulary; the others merge in <see cref="BpeWord"/>.
/// </summary>
internal sealed partial class BpeModel
{
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
        if (_package is null)
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
#endif
