using Rlt.Configuration;
using Rlt.Models.Adapters;
using Rlt.Text.Chat;
using Rlt.Text.Tokenization;

namespace Rlt.Models;

/// <summary>A model directory, loaded: weights, tokenizer and, where it has one, chat template.</summary>
public sealed class LanguageModel : IDisposable
{
    private LanguageModel(string directory, string baseDirectory, Decoder decoder)
    {
        Directory = directory;
        BaseDirectory = baseDirectory;
        Decoder = decoder;
        Tokenizer = Tokenizer.Load(TokenizerDirectory);
        Template = ChatTemplate.TryLoad(TokenizerDirectory);
        if (Tokenizer.VocabularySize > decoder.Config.VocabularySize)
        {
            throw new CheckpointException(
                $"{TokenizerDirectory}: the tokenizer has {Tokenizer.VocabularySize} ids, config.json's vocab_size is {decoder.Config.VocabularySize}. Is tokenizer.json of another model?");
        }
    }

    /// <summary>Where it was read from.</summary>
    public string Directory { get; }

    /// <summary>The whole model's directory; another than <see cref="Directory"/> where that one holds adapters.</summary>
    public string BaseDirectory { get; }

    /// <summary>Where the tokenizer's files are; adapters need not come with their own.</summary>
    public string TokenizerDirectory => File.Exists(Path.Combine(Directory, "tokenizer.json")) ? Directory : BaseDirectory;

    /// <summary>The weights.</summary>
    public Decoder Decoder { get; }

    /// <summary>The tokenizer.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>The chat template; null where the model has none.</summary>
    public ChatTemplate? Template { get; }

    /// <summary>Ids that end a turn: the generation config's and the tokenizer's.</summary>
    public IReadOnlyList<int> StopIds => [.. Decoder.Config.EosTokenIds.Concat(Tokenizer.EosId is { } eos ? [eos] : []).Distinct()];

    /// <summary>Reads a directory onto the configured device: a whole model, or adapters with the base model that they name.</summary>
    public static LanguageModel Load(string directory, DeviceConfig device)
    {
        (LoraConfig? lora, string baseDirectory) = AdapterFiles.IsAdapter(directory) ? AdapterFiles.ReadConfig(directory) : (null, directory);
        Decoder decoder = ModelFiles.Load(baseDirectory, device.ResolveDtype(), device.Resolve());
        return Guarded(decoder, () =>
        {
            if (lora is not null)
            {
                AdapterFiles.Attach(decoder, lora, directory);
            }

            return new LanguageModel(directory, baseDirectory, decoder);
        });
    }

    /// <summary>Reads a whole model to train it, or new adapters beside it.</summary>
    /// <param name="directory">A whole model's directory.</param>
    /// <param name="device">Where it goes.</param>
    /// <param name="lora">The adapters to train; null trains all weights.</param>
    /// <param name="seed">Seeds the adapters' first weights.</param>
    /// <exception cref="CheckpointException">The directory holds adapters.</exception>
    public static LanguageModel LoadToTrain(string directory, DeviceConfig device, LoraConfig? lora, long seed)
    {
        if (AdapterFiles.IsAdapter(directory))
        {
            throw new CheckpointException($"{directory} holds LoRA adapters; training begins at a whole model. Make one first: rlt merge --model {directory} --out DIR");
        }

        LanguageModel model = Load(directory, device);
        if (lora is not null)
        {
            model.Decoder.Attach(lora, seed);
        }

        return model;
    }

    /// <summary>The base model, on the same weights. It must be disposed before this one is.</summary>
    public LanguageModel WithoutAdapters()
    {
        Decoder decoder = Decoder.WithoutAdapters();
        return Guarded(decoder, () => new LanguageModel(BaseDirectory, BaseDirectory, decoder));
    }

    /// <summary>Writes the adapters where there are any, else all weights, beside the tokenizer's files.</summary>
    public void Save(string directory)
    {
        if (Decoder.Adapters is { } adapters)
        {
            AdapterFiles.Save(adapters, directory, BaseDirectory);
            ModelFiles.CopyTokenizer(TokenizerDirectory, directory);
        }
        else
        {
            ModelFiles.Save(Decoder, directory, TokenizerDirectory);
        }
    }

    /// <summary>The chat template.</summary>
    /// <exception cref="CheckpointException">The model has none.</exception>
    public ChatTemplate RequireTemplate() => Template
        ?? throw new CheckpointException($"{Directory} has no chat template (chat_template in tokenizer_config.json, or chat_template.jinja); this command needs one.");

    /// <inheritdoc/>
    public void Dispose() => Decoder.Dispose();

    private static LanguageModel Guarded(Decoder decoder, Func<LanguageModel> make)
    {
        try
        {
            return make();
        }
        catch
        {
            decoder.Dispose();
            throw;
        }
    }
}
