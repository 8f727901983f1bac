using Rlt.Text.Tokenization.Decoding;

namespace Rlt.Text.Tokenization;

/// <summary>
/// Turns text to token ids and back, as a Hugging Face <c>tokenizer.json</c> says: added tokens, normalizer, pre-tokenizer, byte-pair or
/// word-level model, post-processor, decoder. Safe for use by several threads at once.
/// </summary>
/// <remarks>
/// Left out: Unigram and WordPiece models, pairs of texts, training, and the file's truncation and padding, which concern batches.
/// Components that are not supported are refused when the file is read, never ignored.
/// </remarks>
public sealed class Tokenizer
{
    private readonly TokenizerFile _file;
    private readonly SpecialTokenNames _names;
    private readonly HashSet<int> _special;
    private readonly AddedTokenFinder _literalTokens;
    private readonly AddedTokenFinder _normalizedTokens;

    private Tokenizer(string directory)
    {
        _file = TokenizerFile.Read(Path.Combine(directory, "tokenizer.json"));
        _names = SpecialTokenNames.Read(directory, TokenToId);
        VocabularySize = _file.Tokens.Keys.Max() + 1;
        var added = _file.AddedTokens.Values;
        _special = [.. added.Where(token => token.IsSpecial).Select(token => token.Id)];
        _literalTokens = new AddedTokenFinder(added.Where(token => !token.IsNormalized).Select(token => (token.Content, token)));
        _normalizedTokens = new AddedTokenFinder(added.Where(token => token.IsNormalized).Select(token => (Normalize(new AlignedText(token.Content, 0)).Value, token)));
    }

    /// <summary>The highest id plus 1, added tokens included. A model's own vocabulary size may be larger.</summary>
    public int VocabularySize { get; }

    /// <summary>The token that ends a text; null when the directory names none.</summary>
    public int? EosId => _names.Eos;

    /// <summary>The token that begins a text; null when the directory names none.</summary>
    public int? BosId => _names.Bos;

    /// <summary>The token that fills up a batch; null when the directory names none.</summary>
    public int? PadId => _names.Pad;

    /// <summary>The longest input in tokens; null when the directory names none.</summary>
    public int? ModelMaxLength => _names.MaxLength;

    /// <summary>Reads <c>tokenizer.json</c> and, where it is there, <c>tokenizer_config.json</c> of a model directory.</summary>
    /// <exception cref="CheckpointException">A file is absent, damaged, contradicts itself or needs something that is not supported.</exception>
    public static Tokenizer Load(string directory) => new(directory);

    /// <summary>
    /// The text's tokens. Added tokens written in the text become their ids. Half of a surrogate pair counts as U+FFFD.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="addSpecialTokens">Whether the file's post-processor adds its special tokens, such as one that begins a text.</param>
    /// <exception cref="DataException">The text has a word for which a word-level vocabulary has no token.</exception>
    public Encoding Encode(string text, bool addSpecialTokens = true)
    {
        ArgumentNullException.ThrowIfNull(text);
        var pieces = SplitAddedTokens(text);
        foreach (var step in _file.PreTokenizers.Steps)
        {
            pieces = step.Apply(pieces);
        }

        var ids = new List<int>(pieces.Count);
        var offsets = new List<TextSpan>(pieces.Count);
        foreach (var piece in pieces)
        {
            if (piece.TokenId is { } id)
            {
                ids.Add(id);
                offsets.Add(piece.Origin);
                continue;
            }

            foreach (var token in _file.Model.Tokenize(piece.Text))
            {
                ids.Add(token.Id);
                offsets.Add(piece.Source.Origin(piece.Start + token.Start, piece.Start + token.End));
            }
        }

        foreach (var step in _file.PostProcessors)
        {
            step.Apply(text, ids, offsets, addSpecialTokens);
        }

        return new Encoding([.. ids], [.. offsets]);
    }

    /// <summary>The text of ids; bytes that are not UTF-8 become U+FFFD, and ids without a token become nothing.</summary>
    /// <param name="ids">Token ids.</param>
    /// <param name="skipSpecialTokens">Whether special tokens are left out.</param>
    public string Decode(IReadOnlyList<int> ids, bool skipSpecialTokens = false)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var stream = OpenDecodeStream(skipSpecialTokens);
        foreach (int id in ids)
        {
            stream.Push(id);
        }

        return stream.Finish();
    }

    /// <summary>Begins decoding ids one at a time.</summary>
    public DecodeStream OpenDecodeStream(bool skipSpecialTokens = false) =>
        new(this, new DecodeChain(_file.DecodeSteps), skipSpecialTokens);

    /// <summary>The id of a token; null when there is no such token.</summary>
    public int? TokenToId(string token) =>
        _file.AddedTokens.TryGetValue(token, out var added) ? added.Id : _file.Model.Vocabulary.TryGetValue(token, out int id) ? id : null;

    /// <summary>The token of an id, as the vocabulary writes it; null when there is no such id.</summary>
    public string? IdToToken(int id) => _file.Tokens.GetValueOrDefault(id);

    /// <summary>Whether an id is a special token's.</summary>
    public bool IsSpecial(int id) => _special.Contains(id);

    private List<Piece> SplitAddedTokens(string text)
    {
        var found = new List<Piece>();
        _literalTokens.Split(new AlignedText(text, 0), found);
        var pieces = new List<Piece>();
        foreach (var piece in found)
        {
            if (piece.TokenId is not null)
            {
                pieces.Add(piece);
            }
            else
            {
                _normalizedTokens.Split(Normalize(piece.Source.Slice(piece.Start, piece.End)), pieces);
            }
        }

        return pieces;
    }

    private AlignedText Normalize(AlignedText text) => _file.Normalizer?.Apply(text) ?? text;
}
