using Rlt.Text.Tokenization.Decoding;
using Rlt.Text.Tokenization.Models;
using Rlt.Text.Tokenization.Normalization;
using Rlt.Text.Tokenization.PostProcessing;
using Rlt.Text.Tokenization.PreTokenization;

namespace Rlt.Text.Tokenization;

/// <summary>What tokenizer.json describes, checked.</summary>
internal sealed class TokenizerFile
{
    private TokenizerFile(JsonPart root, TokenizerSettings settings)
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
        foreach (NamedToken token in settings.Tokens)
        {
            Add(token);
        }

        PostProcessors = Wrapped(
            PostProcessorReader.Read(root["post_processor"], id => Tokens.GetValueOrDefault(id)), settings, token => AddedTokens[token].Id);
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

    /// <summary>The added tokens that only files beside tokenizer.json name.</summary>
    public List<AddedToken> NamedElsewhere { get; } = [];

    /// <summary>What happens to the tokens at the end.</summary>
    public IReadOnlyList<PostProcessor> PostProcessors { get; }

    /// <summary>Makes the steps from tokens to text.</summary>
    public IReadOnlyList<Func<DecodeStep>> DecodeSteps { get; }

    /// <summary>Reads a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="settings">What the files beside it add.</param>
    /// <exception cref="CheckpointException">The file is absent, damaged, contradicts itself or needs something that is not supported.</exception>
    public static TokenizerFile Read(string file, TokenizerSettings settings)
    {
        if (!File.Exists(file))
        {
            throw new CheckpointException($"{file}: there is no such file; expected the tokenizer of a Hugging Face model directory. Check the directory.");
        }

        using var document = JsonPart.Parse(file);
        return new TokenizerFile(new JsonPart(file, "", document.RootElement), settings);
    }

    private static List<PostProcessor> Wrapped(List<PostProcessor> steps, TokenizerSettings settings, Func<string, int> idOf) => settings.Before is { } before
        ? [.. steps.Where(step => step is not TemplatePostProcessor),
            new TemplatePostProcessor([.. before.Select(idOf)], [.. (settings.After ?? []).Select(idOf)])]
        : steps;

    // A token that tokenizer.json has keeps its id there; one that it lacks gets the next free id, which an id that is said must be.
    private void Add(NamedToken named)
    {
        string content = named.Token.Content;
        if (AddedTokens.TryGetValue(content, out AddedToken? known))
        {
            AddedTokens[content] = named.HasId ? named.Token with { Id = known.Id } : known;
        }
        else if (Model.Vocabulary.TryGetValue(content, out int id))
        {
            AddedTokens.Add(content, named.Token with { Id = id });
        }
        else if (content.Length > 0)
        {
            int next = AddedTokens.Values.Select(token => token.Id + 1).Append(Model.Vocabulary.Count).Max();
            if ((named.HasId && named.Token.Id != next) || !Tokens.TryAdd(next, content))
            {
                throw named.Place.Fail($"names '{content}', a token that tokenizer.json does not have and that would become {next} there, "
                    + "its next free id. Add it to tokenizer.json under its own.");
            }

            AddedToken added = named.Token with { Id = next };
            AddedTokens.Add(content, added);
            NamedElsewhere.Add(added);
        }
    }

    private Dictionary<string, AddedToken> ReadAddedTokens(JsonPart part)
    {
        var tokens = new Dictionary<string, AddedToken>(StringComparer.Ordinal);
        foreach (var item in part.Items())
        {
            item.AllowOnly("id", "content", "single_word", "lstrip", "rstrip", "normalized", "special");
            bool special = item["special"].BooleanOr(false);
            AddedToken token = AddedToken.Read(item, item["id"].Integer(), special, isNormalized: !special);
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
