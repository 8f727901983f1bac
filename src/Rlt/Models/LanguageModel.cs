using Rlt.Configuration;
using Rlt.Text.Chat;
using Rlt.Text.Tokenization;

namespace Rlt.Models;

/// <summary>A model directory, loaded: weights, tokenizer and, where it has one, chat template.</summary>
public sealed class LanguageModel : IDisposable
{
    private LanguageModel(string directory, Decoder decoder)
    {
        Directory = directory;
        Decoder = decoder;
        Tokenizer = Tokenizer.Load(directory);
        Template = ChatTemplate.TryLoad(directory);
        if (Tokenizer.VocabularySize > decoder.Config.VocabularySize)
        {
            throw new CheckpointException(
                $"{directory}: the tokenizer has {Tokenizer.VocabularySize} ids, config.json's vocab_size is {decoder.Config.VocabularySize}. Is tokenizer.json of another model?");
        }
    }

    /// <summary>Where it was read from.</summary>
    public string Directory { get; }

    /// <summary>The weights.</summary>
    public Decoder Decoder { get; }

    /// <summary>The tokenizer.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>The chat template; null where the model has none.</summary>
    public ChatTemplate? Template { get; }

    /// <summary>Ids that end a turn: the generation config's and the tokenizer's.</summary>
    public IReadOnlyList<int> StopIds => [.. Decoder.Config.EosTokenIds.Concat(Tokenizer.EosId is { } eos ? [eos] : []).Distinct()];

    /// <summary>Reads a model directory onto the configured device.</summary>
    public static LanguageModel Load(string directory, DeviceConfig device)
    {
        Decoder decoder = ModelFiles.Load(directory, device.ResolveDtype(), device.Resolve());
        try
        {
            return new LanguageModel(directory, decoder);
        }
        catch
        {
            decoder.Dispose();
            throw;
        }
    }

    /// <summary>The chat template.</summary>
    /// <exception cref="CheckpointException">The model has none.</exception>
    public ChatTemplate RequireTemplate() => Template
        ?? throw new CheckpointException($"{Directory} has no chat template (chat_template in tokenizer_config.json, or chat_template.jinja); this command needs one.");

    /// <inheritdoc/>
    public void Dispose() => Decoder.Dispose();
}
