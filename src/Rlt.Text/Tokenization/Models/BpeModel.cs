using System.Text;
using Rlt.Text.Tokenization.PreTokenization;

namespace Rlt.Text.Tokenization.Models;

/// <summary>Byte-pair encoding: a piece's symbols merge pair by pair, in the order the merges were learned.</summary>
internal sealed class BpeModel : TokenModel
{
    private const int LongestWholePiece = 1024;

    // Space to work in, used again for each word.
    [ThreadStatic]
    private static BpeWord? _word;

    private readonly BpeMerges _merges;
    private readonly BpeOptions _options;
    private readonly PackageMerger? _package;
    private readonly WordCache _cache = new();
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    // The token of each byte value: a character of the byte alphabet, or a fallback token; -1 where the vocabulary has none.
    private readonly int[] _byteIds = new int[256];

    /// <summary>Makes a model of a vocabulary, its merges and its options.</summary>
    public BpeModel(Dictionary<string, int> vocabulary, BpeMerges merges, BpeOptions options)
        : base(vocabulary)
    {
        _merges = merges;
        _options = options;
        _lookup = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        for (int value = 0; value < 256; value++)
        {
            string token = options.ByteLevel ? ByteAlphabet.CharOf((byte)value).ToString() : $"<0x{value:X2}>";
            _byteIds[value] = vocabulary.GetValueOrDefault(token, -1);
        }

        _package = options.ByteLevel && !_byteIds.Contains(-1) ? new PackageMerger(vocabulary, merges) : null;
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<ModelToken> Tokenize(ReadOnlySpan<char> piece)
    {
        if (_cache.TryGet(piece, out var tokens))
        {
            return tokens;
        }

        tokens = TryWhole(piece, out int whole) ? [new ModelToken(whole, 0, piece.Length)] : MergeSymbols(piece);
        _cache.Add(piece, tokens);
        return tokens;
    }

    /// <summary>Whether the piece is a token and may be taken as it is.</summary>
    private bool TryWhole(ReadOnlySpan<char> piece, out int id)
    {
        id = -1;
        if (!_options.IgnoreMerges || piece.Length > LongestWholePiece)
        {
            return false;
        }

        if (!_options.ByteLevel)
        {
            return _lookup.TryGetValue(piece, out id);
        }

        Span<byte> bytes = stackalloc byte[3 * piece.Length];
        int count = System.Text.Encoding.UTF8.GetBytes(piece, bytes);
        Span<char> chars = stackalloc char[3 * piece.Length];
        for (int i = 0; i < count; i++)
        {
            chars[i] = ByteAlphabet.CharOf(bytes[i]);
        }

        return _lookup.TryGetValue(chars[..count], out id);
    }

    private ModelToken[] MergeSymbols(ReadOnlySpan<char> piece)
    {
        if (_package is not null && _package.TryMerge(piece, out var merged))
        {
            return merged;
        }

        var word = _word ??= new BpeWord();
        word.Clear();
        Span<byte> bytes = stackalloc byte[4];
        for (int at = 0, length; at < piece.Length; at += length)
        {
            var rune = new Rune(CodePoints.At(piece, at, piece.Length, out length));
            int end = at + length;
            if (_options.ByteLevel)
            {
                foreach (byte value in bytes[..rune.EncodeToUtf8(bytes)])
                {
                    AddSymbol(word, _byteIds[value], at, end);
                }
            }
            else if (_lookup.TryGetValue(piece.Slice(at, length), out int id))
            {
                AddSymbol(word, id, at, end);
            }
            else
            {
                AddUnlisted(word, bytes[..rune.EncodeToUtf8(bytes)], at, end);
            }
        }

        return word.Merge(_merges);
    }

    /// <summary>Adds a character that is no token: as its bytes if all of them have fallback tokens, else as unknown.</summary>
    private void AddUnlisted(BpeWord word, ReadOnlySpan<byte> bytes, int start, int end)
    {
        bool hasAll = _options.ByteFallback;
        foreach (byte value in bytes)
        {
            hasAll &= _byteIds[value] >= 0;
        }

        if (!hasAll)
        {
            AddSymbol(word, -1, start, end);
            return;
        }

        foreach (byte value in bytes)
        {
            AddSymbol(word, _byteIds[value], start, end);
        }
    }

    /// <summary>Adds a token; -1 stands for the unknown token, and adds nothing where the model has none, as in Hugging Face's library.</summary>
    private void AddSymbol(BpeWord word, int id, int start, int end)
    {
        if (id >= 0)
        {
            word.Add(id, start, end, isUnknown: false);
        }
        else if (_options.UnknownId is { } unknown)
        {
            if (_options.FusesUnknown && word.EndsUnknown)
            {
                word.ExtendLast(end);
            }
            else
            {
                word.Add(unknown, start, end, isUnknown: true);
            }
        }
    }
}

/// <summary>How a byte-pair model treats its input.</summary>
/// <param name="ByteLevel">Whether its symbols are the UTF-8 bytes of the text, written in the byte alphabet.</param>
/// <param name="IgnoreMerges">Whether a piece that is a token as a whole is not taken apart.</param>
/// <param name="ByteFallback">Whether unknown characters become tokens such as <c>&lt;0xE2&gt;</c>.</param>
/// <param name="UnknownId">The token for characters that nothing else covers; without one they are dropped.</param>
/// <param name="FusesUnknown">Whether unknown characters side by side are one token.</param>
internal sealed record BpeOptions(bool ByteLevel, bool IgnoreMerges, bool ByteFallback, int? UnknownId, bool FusesUnknown);
