using Rlt.Text.Tokenization.Decoding;
using Rlt.Text.Tokenization.Models;
using Rlt.Text.Tokenization.Normalization;
using Rlt.Text.Tokenization.PostProcessing;
using Rlt.Text.Tokenization.PreTokenization;

namespace Rlt.Text.Tokenization;

/// <summary>What tokenizer.json describes, checked.</summary>
internal sealed class TokenizerFile
{
    private TokenizerFile(JsonPart root)
    {
        root.AllowOnly("version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model");
        if (root["version"].StringOr("1.0") != "1.0")
        {
            throw root["version"].Unsupported("\"1.0\"");
        }

        Normalizer = NormalizerReader.Read(root["normalizer"]);
        PreTokenizers = PreTokenizerReader.Read(root["pre_tokenizer"]);
        Model = ModelReader.Read(root["model"], PreTokenizers.ByteLevel);
        Tokens = Model.Vocabulary.ToDictionary(pair => pair.Value, pair => pair.Key);
        AddedTokens = root["added_tokens"].IsNull ? [] : ReadAddedTokens(root["added_tokens"]);
        PostProcessors = PostProcessorReader.Read(root["post_processor"], id => Tokens.GetValueOrDefault(id));
        DecodeSteps = DecoderReader.Read(root["decoder"]);
    }

    /// <summary>Rewrites the text; null when it stays as it is.</summary>
    public Normalizer? Normalizer { get; }

    /// <summary>Splits the text.</summary>
    public PreTokenizerSteps PreTokenizers { get; }

    /// <summary>Turns pieces to tokens.</summary>
    public TokenModel Model { get; }

    /// <summary>The tokens found in the text as they are, by their text.</summary>
    public Dictionary<string, AddedToken> AddedTokens { get; }

    /// <summary>Every token by its id.</summary>
    public Dictionary<int, string> Tokens { get; }

    /// <summary>What happens to the tokens at the end.</summary>
    public IReadOnlyList<PostProcessor> PostProcessors { get; }

    /// <summary>Makes the steps from tokens to text.</summary>
    public IReadOnlyList<Func<DecodeStep>> DecodeSteps { get; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="CheckpointException">The file is absent, damaged, contradicts itself or needs something that is not supported.</exception>
    public static TokenizerFile Read(string file)
    {
        if (!File.Exists(file))
        {
            throw new CheckpointException($"{file}: there is no such file; expected the tokenizer of a Hugging Face model directory. Check the directory.");
        }

        using var document = JsonPart.Parse(file);
        return new TokenizerFile(new JsonPart(file, "", document.RootElement));
    }

    private Dictionary<string, AddedToken> ReadAddedTokens(JsonPart part)
    {
        var tokens = new Dictionary<string, AddedToken>(StringComparer.Ordinal);
        foreach (var item in part.Items())
        {
            item.AllowOnly("id", "content", "single_word", "lstrip", "rstrip", "normalized", "special");
            bool special = item["special"].BooleanOr(false);
            var token = new AddedToken(
                item["id"].Integer(),
                item["content"].String(),
                special,
                item["normalized"].BooleanOr(!special),
                item["single_word"].BooleanOr(false),
                item["lstrip"].BooleanOr(false),
                item["rstrip"].BooleanOr(false));
            if (!tokens.TryAdd(token.Content, token))
            {
                throw item["content"].Fail($"is '{token.Content}', which an added token before it is, too; tokens must be unique.");
            }

            if (Model.Vocabulary.TryGetValue(token.Content, out int id) && id != token.Id)
            {
                throw item["id"].Fail($"is {token.Id} for '{token.Content}', but model.vocab gives that token the id {id}.");
            }

            if (!Tokens.TryAdd(token.Id, token.Content) && Tokens[token.Id] != token.Content)
            {
                throw item["id"].Fail($"is {token.Id} for '{token.Content}', but that is the id of '{Tokens[token.Id]}'; ids must be unique.");
            }
        }

        return tokens;
    }
}
