using Rlt.Text.Tokenization.Decoding;

namespace Rlt.Text.Tokenization;

/// <summary>
/// Turns text to token ids and back, as a Hugging Face <c>tokenizer.json</c> and the files beside it say: added tokens, normalizer, pre-tokenizer, byte-pair or
/// word-level model, post-processor, decoder. Safe for use by several threads at once.
/// </summary>
/// <remarks>
/// Left out: Unigram and WordPiece models, pairs of texts, training, and the file's truncation and padding, which concern batches.
/// Components that are not supported are refused when the file is read, never ignored.
/// </remarks>
public sealed class Tokenizer
{
    private readonly TokenizerFile _file;
    private readonly HashSet<int> _special;
    private readonly Dictionary<int, string> _beyond;
    private readonly AddedTokenFinder _literalTokens;
    private readonly AddedTokenFinder _normalizedTokens;

    private Tokenizer(string directory, int embeddings)
    {
        TokenizerSettings settings = TokenizerSettings.Read(directory);
        _file = TokenizerFile.Read(Path.Combine(directory, "tokenizer.json"), settings);
        (EosId, BosId, PadId) = (IdOf(settings["eos_token"]), IdOf(settings["bos_token"]), IdOf(settings["pad_token"]));
        ModelMaxLength = settings.MaxLength;
        _beyond = _file.NamedElsewhere.Where(token => token.Id >= embeddings).ToDictionary(token => token.Id, token => token.Content);
        VocabularySize = _file.Tokens.Keys.Max() + 1;
        OwnSize = VocabularySize - _file.NamedElsewhere.Count;
        var added = _file.AddedTokens.Values;
        _special = [.. added.Where(token => token.IsSpecial).Select(token => token.Id)];
        _literalTokens = new AddedTokenFinder(added.Where(token => !token.IsNormalized).Select(token => (token.Content, token)));
        _normalizedTokens = new AddedTokenFinder(
            added.Where(token => token.IsNormalized).Select(token => (Normalize(new AlignedText(token.Content, 0)).Value, token)));
    }

    /// <summary>The highest id plus 1, added tokens included. A model's own vocabulary size may be larger.</summary>
    public int VocabularySize { get; }

    /// <summary>The token that ends a text; null when the directory names none.</summary>
    public int? EosId { get; }

    /// <summary>The token that begins a text; null when the directory names none.</summary>
    public int? BosId { get; }

    /// <summary>The token that fills up a batch; null when the directory names none.</summary>
    public int? PadId { get; }

    /// <summary>The longest input in tokens; null when the directory names none.</summary>
    public int? ModelMaxLength { get; }

    /// <summary>The highest id of tokenizer.json itself plus 1.</summary>
    public int OwnSize { get; }

    /// <summary>
    /// Reads <c>tokenizer.json</c> of a model directory and, where they are there, <c>tokenizer_config.json</c>, <c>special_tokens_map.json</c> and
    /// <c>added_tokens.json</c>.
    /// </summary>
    /// <param name="directory">The directory.</param>
    /// <param name="embeddings">How many the model has: a token beyond them that only a file beside tokenizer.json names may stand in no text.</param>
    /// <exception cref="CheckpointException">A file is absent, damaged, contradicts itself or needs something that is not supported.</exception>
    public static Tokenizer Load(string directory, int embeddings = int.MaxValue) => new(directory, embeddings);

    /// <summary>
    /// The text's tokens. Added tokens written in the text become their ids. Half of a surrogate pair counts as U+FFFD.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="addSpecialTokens">Whether the file's post-processor adds its special tokens, such as one that begins a text.</param>
    /// <exception cref="DataException">The text has a word for which a word-level vocabulary has no token, or a token for which the model has no
    /// embedding.</exception>
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

        if (_beyond.Count > 0 && ids.Find(_beyond.ContainsKey) is > 0 and int far)
        {
            throw new DataException($"A text has the token '{_beyond[far]}', which tokenizer.json lacks and a file beside it names; "
                + $"it is number {far}, for which the model has no embedding. Leave it out of the text.");
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

    private int? IdOf(string? token) => token is null ? null : TokenToId(token);

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

/// <summary>A text's tokens, and where in the text each one comes from.</summary>
/// <param name="Ids">Token ids.</param>
/// <param name="Offsets">
/// For every id the UTF-16 range of the original text; a character whose bytes are spread over several tokens is wholly in the range of
/// each. Tokens that the post-processor added have the empty range at 0.
/// </param>
public sealed record Encoding(int[] Ids, TextSpan[] Offsets);
